"""证书管理: the pages of certificates."""
