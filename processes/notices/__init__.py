"""What people hear of: notices in the page (消息), copies (抄送), comments (评论), reminders."""
