"""`python -m webapp` is the `pilot` command."""

from webapp.cli import main

if __name__ == "__main__":  # not where a process of ours is forked and loads the main module anew
    main(prog_name="pilot")
