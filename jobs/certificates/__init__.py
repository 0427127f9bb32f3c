"""Certificates (证书) as sealed PDFs: drawn by a layout, signed by both parties, and checked when somebody hands one in.

Pure functions over values, without a database: `layouts`, `drawing`, `sealing`, `checking`.
"""
