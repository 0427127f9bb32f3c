"""Copies the pinned browser libraries, minimal files and licences only, into webapp/static/vendor (needs npm; users never run it)."""

from __future__ import annotations

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
)
TABLER_LICENCE = """The MIT License (MIT)

Copyright (c) 2018-2026 The Tabler Authors
Copyright (c) 2018-2026 codecalm.net Paweł Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files
(the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge,
publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do
so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE
FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def main() -> None:
    """Fetches and copies."""
    with tempfile.TemporaryDirectory() as folder:
        for name, version, files in PACKAGES:
            command = ["npm", "pack", "--silent", f"{name}@{version}"]
            packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
            with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as archive:
                for source, target in files.items():
                    member = archive.extractfile(f"package/{source}")
                    if member is None:
                        raise SystemExit(f"{name} has no file {source}")
                    path = VENDOR / target
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(member.read())
    # the npm package of Tabler carries no licence file, only the word MIT
    (VENDOR / "tabler" / "LICENSE").write_text(TABLER_LICENCE, encoding="utf-8")


if __name__ == "__main__":
    main()
