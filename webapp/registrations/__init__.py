"""报考管理: the pages of registrations."""
