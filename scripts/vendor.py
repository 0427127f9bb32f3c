"""Copies the pinned browser libraries, minimal files and licences only, into webapp/static/vendor (needs npm; users never run it)."""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "webapp" / "static" / "vendor"
# package, version, {file in the package: file here}
PACKAGES = (
    ("@tabler/core", "1.6.1", {"dist/css/tabler.min.css": "tabler/tabler.min.css"}),
    (
        "bpmn-js",
        "18.31.1",
        {
            "dist/bpmn-navigated-viewer.production.min.js": "bpmn-js/bpmn-navigated-viewer.min.js",
            "dist/bpmn-modeler.production.min.js": "bpmn-js/bpmn-modeler.min.js",
            "dist/assets/bpmn-font/css/bpmn-embedded.css": "bpmn-js/bpmn-font.css",
            "dist/assets/diagram-js.css": "bpmn-js/diagram-js.css",
            "dist/assets/bpmn-js.css": "bpmn-js/bpmn-js.css",
            "LICENSE": "bpmn-js/LICENSE",
        },
    ),
    # bars, lines and pies on a canvas, without tooltips, which would need styles in the page
    (
        "echarts",
        "6.1.0",
        {"dist/echarts.simple.min.js": "echarts/echarts.simple.min.js", "LICENSE": "echarts/LICENSE", "NOTICE": "echarts/NOTICE"},
    ),
)
# the icons that the pages use; one sprite, so that a page asks for one file
ICON_PACKAGE = ("@tabler/icons", "3.51.0")
ICONS = (
    "activity",
    "alert-triangle",
    "bell",
    "books",
    "building-bank",
    "calendar-week",
    "certificate",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "circle-check",
    "circle-x",
    "clock",
    "columns",
    "dots",
    "download",
    "file",
    "help",
    "home",
    "inbox",
    "info-circle",
    "lock",
    "logout",
    "menu-2",
    "paperclip",
    "pencil",
    "plus",
    "progress",
    "school",
    "search",
    "settings",
    "sitemap",
    "trash",
    "upload",
    "user-circle",
    "writing",
    "x",
)
# upstream's LICENSE, letter for letter: the npm package of Tabler carries none; newer years stand at the head of the style sheet
TABLER_LICENCE = """The MIT License (MIT)

Copyright (c) 2018-2023 The Tabler Authors

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
"""


def main() -> None:
    """Fetches and copies."""
    with tempfile.TemporaryDirectory() as folder:
        for name, version, files in PACKAGES:
            with _packed(Path(folder), name, version) as archive:
                for source, target in files.items():
                    _write(target, _read(archive, source))
        with _packed(Path(folder), *ICON_PACKAGE) as archive:
            symbols = [_symbol(name, _read(archive, f"icons/outline/{name}.svg").decode()) for name in ICONS]
            _write("tabler-icons/icons.svg", _sprite(symbols).encode())
            _write("tabler-icons/LICENSE", _read(archive, "LICENSE"))
    _write("tabler/LICENSE", TABLER_LICENCE.encode())


def _packed(folder: Path, name: str, version: str) -> tarfile.TarFile:
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
    return tarfile.open(folder / packed.stdout.split()[-1])


def _read(archive: tarfile.TarFile, source: str) -> bytes:
    member = archive.extractfile(f"package/{source}")
    if member is None:
        raise SystemExit(f"{archive.name} has no file {source}")
    return member.read()


def _write(target: str, content: bytes) -> None:
    path = VENDOR / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _symbol(name: str, svg: str) -> str:
    """The paths of one icon as a symbol; the invisible 24 × 24 square that each file begins with is left out."""
    paths = re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", svg)
    shown = "".join(path for path in paths if 'd="M0 0h24v24H0z"' not in path)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shown}</symbol>'


def _sprite(symbols: list[str]) -> str:
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    main()
