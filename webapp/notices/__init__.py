"""消息: the pages of what a person is told, and of how they want to be told."""
