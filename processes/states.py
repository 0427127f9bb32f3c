"""The states of the engine's rows, and the kinds of tasks, history lines and notices: the texts that the database keeps."""

from __future__ import annotations

from enum import StrEnum


class TaskRowState(StrEnum):
    """State of a task's row. (SpiffWorkflow's `TaskState` is that of a task in the workflow's tree.)"""

    OPEN = "open"
    CONFIRMING = "confirming"
    """It has its outcome, and waits until the people asked for a confirmation have given it."""
    WAITING = "waiting"
    """A confirmation that is asked for: it opens once the task it is about has its outcome."""
    QUEUED = "queued"
    """One of a sequential 会签 whose turn has not come."""
    DONE = "done"
    CANCELLED = "cancelled"
    """Closed without an outcome: a deadline, another path, or the process's end was first."""
    UNDONE = "undone"
    """Done once; the process was sent back over it."""
    WITHDRAWN = "withdrawn"
    """Done once, and taken back by whose act it was."""


LIVE = (TaskRowState.OPEN, TaskRowState.CONFIRMING, TaskRowState.WAITING)
UNDONE = (TaskRowState.UNDONE, TaskRowState.WITHDRAWN)


class TaskKind(StrEnum):
    """What a task's row asks for: the diagram's own step, or an opinion on one."""

    STEP = "step"
    BEFORE = "before"
    """前加签: the task waits for the opinion."""
    AFTER = "after"
    """后加签: the opinion is asked for once the task has its outcome, which waits until it is confirmed."""
    DELEGATE = "delegate"
    """委派: the task waits until it is given back with an opinion."""


OPINIONS = (TaskKind.BEFORE, TaskKind.AFTER, TaskKind.DELEGATE)


class VoteState(StrEnum):
    """State of a 会签."""

    OPEN = "open"
    AGREED = "agreed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    UNDONE = "undone"


class JobState(StrEnum):
    """State of a row of the outbox."""

    PENDING = "pending"
    """To be handed out."""
    RUNNING = "running"
    """A worker has it."""
    DONE = "done"
    FAILED = "failed"
    """It waits for a person."""
    CANCELLED = "cancelled"
    """The process went another way."""
    PAUSED = "paused"
    """To be handed out once the instance is resumed."""
    ANSWERED = "answered"
    """Answered while the instance was suspended."""


class TextState(StrEnum):
    """State of an SMS that holds notices to a person."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class MessageState(StrEnum):
    """State of a message between instances."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Its receiver could not take it: an incident."""
    EXPIRED = "expired"
    """Nobody received it in time."""


class EventKind(StrEnum):
    """What a line of history tells of."""

    START = "start"
    TASK = "task"
    MESSAGE = "message"
    """A button that is an event of the diagram."""
    EDIT = "edit"
    TIMER = "timer"
    JOB = "job"
    ERROR = "error"
    """A business error that the diagram catches."""
    INCIDENT = "incident"
    RETRY = "retry"
    VOTE = "vote"
    OPINION = "opinion"
    ASSIGN = "assign"
    CLAIM = "claim"
    RETURN = "return"
    WITHDRAW = "withdraw"
    URGE = "urge"
    COPY = "copy"
    COMMENT = "comment"
    SENT = "sent"
    """A message to other instances."""
    RECEIVED = "received"
    """A message of another instance."""
    SUSPEND = "suspend"
    RESUME = "resume"
    CANCEL = "cancel"
    MOVE = "move"
    MIGRATE = "migrate"
    UNMIGRATE = "unmigrate"
    ALTERED = "altered"
    """A step found that something it starts from was written past the product."""


class NoticeKind(StrEnum):
    """What people are told of (消息)."""

    ASSIGNED = "assigned"
    OPINION = "opinion"
    URGE = "urge"
    MENTION = "mention"
    COPY = "copy"
    TASK = "task"
    RETURNED = "returned"
    DUE = "due"
