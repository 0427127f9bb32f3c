"""Schools, organizations, their teachers and their seals."""
