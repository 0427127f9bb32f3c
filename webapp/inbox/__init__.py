"""任务收件箱: its lists, the page of a task, and what people do there."""
