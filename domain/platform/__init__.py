"""Records of the product itself: logins, uploads, background tasks, imports, edits."""
