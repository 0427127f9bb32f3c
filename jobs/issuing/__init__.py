"""Certificates of records are made: drawn, then sealed with the keys of both parties (manual 4.2; row 4.2.7)."""
