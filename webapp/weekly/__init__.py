"""周报管理: the pages of reports and of the periods that they are about."""
