"""The screens that every kind of record shares, with a process or without."""
