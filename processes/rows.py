"""The shapes of the engine's rows: what the columns of `tables` hold, for `domain.ground.rows`.

A query that selects more than one table's columns declares a shape of its own beside it: `class InboxRow(TaskRow, Protocol)`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, TypedDict


class Wait(TypedDict):
    """A message that an instance waits for: a button on the record's page."""

    element: str
    task_id: str | None
    """The task in the state that receives it; None where it starts an event subprocess."""
    role: str
    party_id: int | None


class InstanceRow(Protocol):
    """A running or ended process."""

    id: int
    definition_id: int
    key: str
    subject_id: int
    title: str
    party_id: int
    started_by: int
    started_at: datetime
    ended_at: datetime | None
    version: int
    state: bytes | None
    status: str
    tone: str
    position: str | None
    position_since: datetime | None
    waits: list[Wait]
    path: list[str]
    due_at: datetime | None
    suspended_at: datetime | None
    seq: int
    chain: str
    incident: str | None
    proof: str | None


class TaskRow(Protocol):
    """A task of the inbox."""

    id: str
    instance_id: int
    element: str
    name: str
    role: str
    party_id: int
    assignee_id: int | None
    created_at: datetime
    due_at: datetime | None
    state: str
    closed_at: datetime | None
    closed_by: int | None
    closed_for: int | None
    outcome: str | None
    closed_as: str | None
    kind: str
    parent_id: str | None
    asked_by: int | None
    urged_at: datetime | None
    vote_id: str | None
    number: int | None
    item: Any
    agrees: bool | None
    closing_proof: str | None


class VoteRow(Protocol):
    """A 会签."""

    id: str
    instance_id: int
    element: str
    name: str
    people: bool
    sequential: bool
    rule: str
    needed: int | None
    total: int
    answered: int
    agreed: int
    state: str
    outcome: str | None
    created_at: datetime
    closed_at: datetime | None


class EventRow(Protocol):
    """A line of history."""

    instance_id: int
    seq: int
    at: datetime
    kind: str
    element: str | None
    name: str
    actor_id: int
    actor: str
    comment: str | None
    data: dict[str, Any] | None
    hash: str
    record: str | None


class MessageRow(Protocol):
    """A message between instances."""

    id: int
    name: str
    payload: dict[str, Any]
    party_id: int
    sender_id: int
    element: str
    sent_at: datetime
    state: str
    next_at: datetime | None
    tries: int
    error: str | None
    instance_id: int | None
    target: str | None
    retried_at: datetime | None


class JobRow(Protocol):
    """A row of the outbox."""

    id: str
    instance_id: int
    element: str
    handler: str
    params: dict[str, Any]
    payload: dict[str, Any] | None
    state: str
    attempt: int
    tries: int
    retry_max: int
    retry_delay: float
    next_at: datetime | None
    error: str | None
    answer: dict[str, Any] | None
    payload_proof: str | None


class TextRow(Protocol):
    """An SMS that holds messages to a person."""

    id: str
    person_id: int
    payload: dict[str, Any]
    state: str
    attempt: int
    tries: int
    next_at: datetime | None
    error: str | None
    created_at: datetime
    resent_by: str | None


class NoticeRow(Protocol):
    """A message to a person (消息)."""

    id: int
    person_id: int
    at: datetime
    kind: str
    text: str
    instance_id: int
    task_id: str | None
    read_at: datetime | None
    shown: bool
    sms_at: datetime | None
    party_id: int


class CopyRow(Protocol):
    """A copy (抄送)."""

    id: int
    instance_id: int
    person_id: int
    party_id: int
    sent_by: int
    sent_at: datetime
    note: str
    read_at: datetime | None


class SubstituteRow(Protocol):
    """A person who stands in for another."""

    id: int
    party_id: int
    person_id: int
    substitute_id: int
    key: str | None
    existing: bool
    starts_at: datetime
    ends_at: datetime
    created_at: datetime


class DraftRow(Protocol):
    """What a person is typing."""

    person_id: int
    form_key: str
    data: dict[str, Any]
    saved_at: datetime
