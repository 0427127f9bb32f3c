"""The Flask screens, and the `pilot` command with the server and the measurements."""
