"""离岗代理: the pages of who stands in for whom."""
