"""Measurements, each against its own floor in the same run, taken in turns. To add one: a module here and a line in `BENCHES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.benches import arrange, batch, certificates, documents, export, growth, imports, inbox, lists, multi_instance, photos, step

Measured = tuple[float, float] | tuple[float, float, dict[str, Any]]
"""Ours and the floor's, in seconds; and what else is worth telling, such as the peak memory."""

BENCHES: dict[str, Callable[[], Measured]] = {
    "step": step.measure,
    "growth": growth.measure,
    "inbox": inbox.measure,
    "lists": lists.measure,
    "multi": multi_instance.measure,
    "batch": batch.measure,
    "export": export.measure,
    "import": imports.measure,
    "photos": photos.measure,
    "documents": documents.measure,
    "certificates": certificates.measure,
    "arrange": arrange.measure,
}


def run(name: str) -> dict[str, Any]:
    """Runs one benchmark.

    Returns: name, ratio (ours over floor, medians), ours_ms, floor_ms, and what else the measurement tells.
    Raises:
        ValueError: there is no such benchmark.
    """
    if name not in BENCHES:
        raise ValueError(f"没有名为 {name} 的测量，可用：{'、'.join(BENCHES)}")
    ours, floor, *more = BENCHES[name]()
    found = {"name": name, "ratio": round(ours / floor, 2), "ours_ms": round(ours * 1000, 2), "floor_ms": round(floor * 1000, 2)}
    return {**found, **(more[0] if more else {})}
