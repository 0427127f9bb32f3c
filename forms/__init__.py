"""Forms. A form is one JSON Schema, from which come the page, the check, and the columns of lists and imports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def read_forms(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """All forms of a folder: file name → schema."""
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
