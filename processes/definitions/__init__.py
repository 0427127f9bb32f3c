"""Diagrams that were read, together with those they call, and found again in the version an instance runs on."""
