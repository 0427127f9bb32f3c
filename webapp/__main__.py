"""`python -m webapp` is the `pilot` command."""

from webapp.cli import main

main(prog_name="pilot")
