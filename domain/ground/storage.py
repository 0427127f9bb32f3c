"""A disk, or a quota, that is full: as the system says it, and as either database does."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DISK_FULL = "53100"  # PostgreSQL's code (Appendix A, disk_full)


def out_of_space(error: BaseException) -> bool:
    """Whether an error says that there is no room left to write to."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return getattr(cause, "sqlstate", None) == _DISK_FULL
