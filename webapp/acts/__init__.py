"""The buttons of records of all kinds, their diagrams, and the drafts of their forms."""
