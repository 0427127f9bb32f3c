"""机构管理: the pages of organizations, schools and their seals."""
