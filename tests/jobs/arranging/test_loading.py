"""The solver is loaded where something is arranged, and nowhere before."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.row("5.2.8.1")

ASKED = """
import sys
import webapp.app, webapp.cli, jobs.background, jobs.confinement, jobs.arranging
loaded = {one.partition(".")[0] for one in sys.modules} & {"ortools", "numpy", "pandas"}
assert not loaded, loaded
"""


def test_starting_the_product_does_not_load_the_solver() -> None:
    subprocess.run([sys.executable, "-c", ASKED], check=True, timeout=60)
