"""Printed documents of what is stored: records become the values of `jobs.documents.facts`, and a background task draws them."""
