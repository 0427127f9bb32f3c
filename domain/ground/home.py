"""The folder of an installation (`PILOT_HOME`): what lies in it is nobody else's on the machine."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MASK = 0o077  # of a process's new files: nothing for the group, nothing for others


def make_private(home: Path) -> None:
    """Makes the folder, for its owner alone, and sees that whatever this process and its children write there is so too.

    What an earlier release left readable is closed once: a folder that is 0700 already is not walked through.

    Raises:
        OSError: the folder cannot be made, or belongs to somebody else.
    """
    os.umask(MASK)
    home.mkdir(parents=True, exist_ok=True)
    if stat.S_IMODE(home.stat().st_mode) & MASK == 0:
        return
    for folder, folders, files in os.walk(home):
        for name in [*folders, *files]:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~MASK)
    home.chmod(0o700)  # last: one that was interrupted is walked through again
