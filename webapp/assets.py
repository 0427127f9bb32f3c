"""The static files: addresses that carry a hash of the content, so that browsers keep a file for ever and never show an old one.

Style sheets and scripts go out compressed; they hold nothing secret, so compression gives nothing away.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request
from werkzeug.security import safe_join

STATIC = Path(__file__).resolve().parent / "static"
PACKED = {".css", ".js", ".svg"}
"""What is worth compressing."""
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
"""An address without the hash, such as a module's own imports: kept, but asked for before each use."""


@dataclass(frozen=True)
class Asset:
    """One file as it goes out. `packed` is its gzip form, where it has one."""

    content: bytes
    packed: bytes | None
    mimetype: str
    version: str
    """Twelve hexadecimal digits of the content's SHA-256."""


def install(app: Flask) -> None:
    """Serves the files at /static and puts the hash into every address of one."""
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=static)
    app.url_defaults(_with_version)


def static(filename: str) -> Response:
    """One static file."""
    asset = _asset(filename)
    if asset is None:
        abort(404)
    packed = asset.packed if request.accept_encodings.quality("gzip") else None
    response = Response(packed or asset.content, mimetype=asset.mimetype)
    if packed:
        response.content_encoding = "gzip"
    if asset.packed:
        response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == asset.version else ASK_AGAIN
    response.set_etag(asset.version + ("-gzip" if packed else ""))
    response.make_conditional(request)
    return response


def _with_version(endpoint: str, values: dict[str, Any]) -> None:
    asset = _asset(values["filename"]) if endpoint == "static" and "filename" in values else None
    if asset is not None:
        values.setdefault("v", asset.version)


def _asset(filename: str) -> Asset | None:
    path = safe_join(str(STATIC), filename)
    if path is None:
        return None
    try:
        return _read(Path(path), Path(path).stat().st_mtime_ns)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


@cache
def _read(path: Path, changed: int) -> Asset:
    """Reads a file once, and again when it was changed (`changed`: its time stamp in nanoseconds)."""
    content = path.read_bytes()
    packed = gzip.compress(content, mtime=0) if path.suffix in PACKED else None
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(content, packed, mimetype, hashlib.sha256(content).hexdigest()[:12])
