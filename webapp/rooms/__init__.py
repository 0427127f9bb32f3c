"""考场管理: the pages of rooms."""
