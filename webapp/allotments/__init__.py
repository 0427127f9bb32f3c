"""考核站点分配: the pages of allotments."""
