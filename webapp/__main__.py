"""`python -m webapp` is the `pilot` command."""

from webapp.cli import main

if __name__ == "__main__":  # a process that this one begins may load its main module anew, and starts nothing then
    main(prog_name="pilot")
