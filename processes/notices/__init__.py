"""What people are told: notices (消息), copies (抄送), comments (评论) and reminders."""
