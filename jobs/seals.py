"""Opens an uploaded PKCS#12 file in a process of its own: a hostile file may need years of computing, or all memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any

from domain.institutions.seal_keys import BadKey, SealKey, read_key

SECONDS = 10  # of computing and of waiting; an honest file takes 0.1
MEMORY = 1024 * 1024 * 1024  # bytes of address space
_CODE = "from jobs.seals import child; child()"


def read_key_apart(content: bytes, password: str, seconds: int = SECONDS) -> SealKey:
    """`seal_keys.read_key`, bounded in time and memory. Key and password pass through pipes, never through arguments or files.

    Raises:
        BadKey: what is wrong with the file, also where it cannot be opened within the bounds.
    """
    asked = json.dumps({"content": content.hex(), "password": password, "seconds": seconds}).encode()
    try:
        done = subprocess.run([sys.executable, "-c", _CODE], input=asked, capture_output=True, timeout=seconds + 5, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise BadKey("签章密钥文件打开超时，请用常用工具重新导出后上传") from error
    if done.returncode != 0:
        raise BadKey("签章密钥文件无法打开，请用常用工具重新导出后上传")
    found: dict[str, Any] = json.loads(done.stdout)
    if "problem" in found:
        raise BadKey(found["problem"])
    times = {name: datetime.fromisoformat(found[name]) for name in ("valid_from", "valid_to")}
    return SealKey(**{**found, **times, "pem": found["pem"].encode("ascii")})


def child() -> None:
    """What the process of its own runs: reads file and password, and prints the key or the problem."""
    asked = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no memory with a key in it is left on disk
    try:
        found = read_key(bytes.fromhex(asked["content"]), asked["password"])
    except BadKey as error:
        print(json.dumps({"problem": str(error)}))
        return
    times = {"valid_from": found.valid_from.isoformat(), "valid_to": found.valid_to.isoformat()}
    print(json.dumps({**asdict(found), **times, "pem": found.pem.decode("ascii")}))
