"""文档模板: designers change the templates of printed documents, in versions, and choose which one is in use."""
