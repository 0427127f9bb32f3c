"""证书试点申报: the pages of declarations and of the plans that they are made under."""
