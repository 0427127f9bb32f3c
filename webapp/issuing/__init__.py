"""证书发放管理 (manual 4.2): the usual screens, and the certificate itself."""
