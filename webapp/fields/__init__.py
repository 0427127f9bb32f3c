"""The check of a form's fields, one by one, as people fill them in."""
