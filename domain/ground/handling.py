"""The two shapes of handlers, which service tasks call, and the errors by which they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.settings import Settings


class Transient(Exception):
    """The outside failed this time; another try may succeed."""


class Permanent(Exception):
    """The outside refused for good; another try would fail too."""


class BusinessError(Exception):
    """A refusal by the outside or by a rule that the diagram may catch: a BPMN error with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# Mistakes in a handler or its parameters. Whoever calls a handler turns them into a sentence for people, so that none stops a worker.
# A value that a table refuses is such a mistake; a database that is away is not.
FAULTS = (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError, IntegrityError, DataError)


def mistake(error: Exception) -> str:
    """The part of a mistake that is kept and shown: its kind and first line, without the database's statement and the data in it, and
    without the name of a file."""
    line = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
    if isinstance(error, OSError):
        line = error.strerror or ""
    kind = next((words for kinds, words in _KINDS if isinstance(error, kinds)), "程序有误")
    return f"{kind}：{line}" if line else kind


_KINDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((IntegrityError, DataError), "数据库不接受所写的值"),
    ((LookupError,), "找不到所需的值"),
    ((ArithmeticError,), "计算出错"),
    ((ValueError,), "值不正确"),
    ((TypeError,), "值的类型不正确"),
    ((OSError,), "网络或磁盘出错"),
)
"""What people read in place of the names that Python has for its errors; the log has these."""


Record = TypeVar("Record", contravariant=True)
"""What a handler reads of the record that the process is about: a type of record, or a protocol of its own."""
Params: TypeAlias = dict[str, Any]
"""Parameter → value, as the diagram's expressions give them; and the data that a handler gives back."""


@dataclass(frozen=True)
class Inline(Generic[Record]):
    """Runs inside the step's transaction, and uses nothing but the database.

    `run(session, subject, params, actor)` returns task data or None; a BusinessError takes back what it wrote.
    `needs` are the parameters that a diagram must give, `gives` the names in the task data that it returns. `deletes`: the record is
    gone afterwards, and its process ends.
    """

    run: Callable[[Session, Record, Params, Actor], Params | None]
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    deletes: bool = False


@dataclass(frozen=True)
class External(Generic[Record]):
    """Calls the outside while no transaction is open.

    `prepare(session, subject, params)` makes the payload, once. `call(payload, key, settings)` sends it, with `key` as the idempotency
    key, and raises Transient, Permanent or BusinessError; None: it is work of this machine, which `jobs/calls.py` knows by the handler's
    name. `needs` and `gives`: see `Inline`.
    """

    prepare: Callable[[Session, Record, Params], Params]
    call: Callable[[Params, str, Settings], Params] | None = None
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


Handler: TypeAlias = Inline[Any] | External[Any]
"""A handler of whichever record: the diagram that names it says in its property `subject` what its record is."""
