"""流程监控: the pages of running processes, for people in charge of them."""
