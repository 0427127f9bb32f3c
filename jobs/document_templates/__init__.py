"""文档模板: which documents have a template that designers may change, and what a changed one comes to, found out apart."""
