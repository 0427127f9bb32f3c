"""证书查验 (row 4.2.7): whether a certificate is genuine, for everybody, without an account."""
