"""The files of the made-up approval are no tests of this repository: they run in a copy of it."""

collect_ignore = ["made_up"]
