"""The task tree of a workflow, with those of all that runs inside it."""

from __future__ import annotations

from typing import Any


def parts(workflow: Any) -> list[Any]:
    """The workflow and all that run inside it: subprocesses, event subprocesses and called diagrams."""
    return [workflow, *workflow.subprocesses.values()]
