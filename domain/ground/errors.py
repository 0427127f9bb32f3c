"""Errors of the records' rules; the docstring is the default message a person reads."""

from __future__ import annotations


class DomainError(Exception):
    """操作未能完成，请核对后重试。"""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class TooLate(DomainError):
    """办理时间已过，目前不能提交。"""
