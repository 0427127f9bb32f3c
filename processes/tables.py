"""The engine's tables, as Core tables: a step takes few statements, and most of its time would be spent in the ORM."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, true
from sqlalchemy import text as sql

from domain.ground.base import Base, UtcDateTime
from processes.states import JobState, TaskRowState, TextState

metadata = Base.metadata
_ELEMENT = String(161)  # an element of a called diagram is `<key>:<id>` (60 + 1 + 100 characters) in the one that calls it


def _where(condition: str) -> dict[str, Any]:
    """Makes an index a partial one on both databases."""
    return {"sqlite_where": sql(condition), "postgresql_where": sql(condition)}


definition = Table(
    "process_definition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False, comment="sha256 over the XML and the forms"),
    Column("xml", Text, nullable=False),
    Column("forms", JSON, nullable=False, comment="file name → JSON Schema, as deployed: a running instance keeps its forms"),
    Column("called", JSON, nullable=False, server_default="{}", comment="key → id of the versions of the diagrams that it calls"),
    Column("decisions", JSON, nullable=False, server_default="{}", comment="decision id → DMN file"),
    Column("deployed_at", UtcDateTime, nullable=False),
    Column("deployed_by", String(50), nullable=False),
    Column("note", String(200), nullable=False, server_default="", comment="what the designer said of this version"),
    Column("starts_by", String(100), index=True, comment="name of the message that starts it; null: people do"),
    Column("scenarios", Text, comment="YAML that the version was tried out with; null: those beside the diagram in bpmn/"),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
    Column("words_proof", String(32), comment="of the note and the scenarios"),
    UniqueConstraint("key", "version"),
)

instance = Table(
    "process_instance",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("definition_id", ForeignKey("process_definition.id"), nullable=False),
    Column("key", String(60), nullable=False),
    Column("subject_id", Integer, nullable=False, comment="id of the record; its type is the diagram's `subject` property"),
    Column("title", String(200), nullable=False),
    Column("party_id", Integer, nullable=False, comment="the party whose record this is"),
    Column("started_by", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("version", Integer, nullable=False, comment="grows by one a step"),
    Column("state", LargeBinary, comment="zlib of the engine's JSON without the definition; null once ended"),
    Column("status", String(40), nullable=False),
    Column("tone", String(12), nullable=False),
    Column("position", _ELEMENT, comment="the element that the status comes from"),
    Column("position_since", UtcDateTime, comment="since when the status comes from that element"),
    Column("waits", JSON, nullable=False, comment="messages waited for: [{element, task_id, role, party_id}]"),
    Column("path", JSON, nullable=False, comment="ids of the sequence flows taken"),
    Column("due_at", UtcDateTime, comment="when the earliest timer is due; null while suspended: no clock runs"),
    Column("suspended_at", UtcDateTime, comment="since when nothing acts; null: not suspended"),
    Column("seq", Integer, nullable=False, comment="number of history events"),
    Column("chain", String(64), nullable=False, comment="hash of the last history event"),
    Column("incident", Text, comment="what failed and needs a person; null when all is well"),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
    Index("ix_process_instance_due", "due_at"),
    Index("ix_process_instance_subject", "key", "subject_id"),
    Index("ix_process_instance_started_by", "started_by", "started_at"),
    # what 流程监控 counts: each index holds only the rows it is about
    Index("ix_process_instance_running", "definition_id", "position", "position_since", **_where("ended_at IS NULL")),
    Index("ix_process_instance_since", "position_since", **_where("ended_at IS NULL")),
    Index("ix_process_instance_party", "party_id", **_where("ended_at IS NULL")),
    Index("ix_process_instance_incident", "definition_id", **_where("incident IS NOT NULL")),
    Index("ix_process_instance_suspended", "definition_id", **_where("suspended_at IS NOT NULL")),
)

task = Table(
    "process_task",
    metadata,
    Column("id", String(36), primary_key=True, comment="SpiffWorkflow's task id"),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False),
    Column("element", _ELEMENT, nullable=False),
    Column("name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("party_id", Integer, nullable=False),
    Column("assignee_id", Integer, comment="who claimed it; null: everyone with the role"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("state", String(10), nullable=False, comment="one of states.TaskRowState"),
    Column("closed_at", UtcDateTime),
    Column("closed_by", Integer),
    Column("closed_for", Integer, comment="the absent person in whose place it was closed; null: nobody's"),
    Column("outcome", String(40)),
    Column("closed_as", Text, comment="sentence that tells a latecomer what happened"),
    Column(
        "kind",
        String(10),
        nullable=False,
        server_default="step",
        comment="one of states.TaskKind: the diagram's own step, or an opinion asked for one",
    ),
    Column("parent_id", String(36), comment="the diagram's task that an opinion is asked for; null: the diagram's own"),
    Column("asked_by", Integer, comment="who asked for the opinion"),
    Column("urged_at", UtcDateTime, comment="when somebody last urged it"),
    Column("vote_id", String(36), comment="the 会签 that it belongs to; null: none"),
    Column("number", Integer, comment="its number in the 会签, from 0"),
    Column("item", JSON(none_as_null=True), comment="what it is about, where the 会签 goes over a list"),
    Column("agrees", Boolean, comment="whether the answer counts as agreement; null: not answered"),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
    Column("assignee_proof", String(32), comment="of the assignee"),
    Column("closing_proof", String(32), comment="of the outcome, and of who gave it when"),
    Index("ix_process_task_standing", "instance_id", "vote_id", "state"),
    Index(
        "ix_process_task_vote",
        "vote_id",
        "state",
        "number",
        **_where("vote_id IS NOT NULL"),
    ),
    Index("ix_process_task_inbox", "party_id", "state", "due_at"),
    Index("ix_process_task_parent", "parent_id", **_where("parent_id IS NOT NULL")),
    Index("ix_process_task_done", "closed_by", "closed_at"),
    Index("ix_process_task_due", "due_at", **_where(f"state = '{TaskRowState.OPEN}'")),
)

vote = Table(
    "process_vote",
    metadata,
    Column("id", String(36), primary_key=True, comment="id of the multi-instance task in the state"),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False, index=True),
    Column("element", _ELEMENT, nullable=False),
    Column("name", String(100), nullable=False),
    Column("people", Boolean, nullable=False, comment="over people: each answers once; else over a list"),
    Column("sequential", Boolean, nullable=False),
    Column("rule", String(1000), nullable=False, comment="the property `quorum`, or the completion condition"),
    Column("needed", Integer, comment="how many must agree; null: the completion condition decides"),
    Column("total", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("agreed", Integer, nullable=False),
    Column("state", String(10), nullable=False, comment="one of states.VoteState"),
    Column("outcome", String(40), comment="the result once it is clear"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
)

event = Table(
    "process_event",
    metadata,
    Column("instance_id", ForeignKey("process_instance.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(12), nullable=False, comment="one of states.EventKind"),
    Column("element", _ELEMENT),
    Column("name", String(100), nullable=False, comment="what a person reads: the button or the step"),
    Column("actor_id", Integer, nullable=False),
    Column("actor", String(160), nullable=False, comment="name and party as they were then"),
    Column("comment", Text),
    Column("data", JSON, comment="a reviewer's answers, or {field: [before, after]} of an edit"),
    Column("hash", String(64), nullable=False, comment="sha256 over the previous hash and this line"),
    Column("record", String(32), comment="hash of what the record said after the step; on the last line of a step"),
)

message = Table(
    "process_message",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("party_id", Integer, nullable=False, comment="the party of the sender's record"),
    Column("sender_id", ForeignKey("process_instance.id"), nullable=False),
    Column("element", _ELEMENT, nullable=False, comment="the element that sent it"),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("state", String(10), nullable=False, comment="one of states.MessageState"),
    Column("next_at", UtcDateTime, comment="when it is tried next; null when over"),
    Column("tries", Integer, nullable=False),
    Column("error", Text),
    Column("instance_id", ForeignKey("process_instance.id"), comment="the instance that received it, or has the incident"),
    Column("target", _ELEMENT, comment="the element that received it"),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
    Index("ix_process_message_next", "state", "next_at"),
    Index("ix_process_message_name", "name", "state"),
    Column("retried_at", UtcDateTime, comment="when somebody in charge last sent it again"),
    Index("ix_process_message_instance", "instance_id"),
    Index("ix_process_message_sender", "sender_id"),
)

subscription = Table(
    "process_subscription",
    metadata,
    Column("instance_id", ForeignKey("process_instance.id"), primary_key=True),
    Column("element", _ELEMENT, primary_key=True, comment="the event that waits for a message of another instance"),
    Column("definition_id", ForeignKey("process_definition.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("key", String(64), nullable=False, comment="sha256 over the values that the message must carry"),
    Column("since", UtcDateTime, nullable=False),
    Index("ix_process_subscription_key", "name", "definition_id", "element", "key"),
)

job = Table(
    "process_job",
    metadata,
    Column("id", String(36), primary_key=True, comment="the service task's id: the idempotency key"),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False, index=True),
    Column("element", _ELEMENT, nullable=False),
    Column("handler", String(60), nullable=False),
    Column("params", JSON, nullable=False),
    Column("payload", JSON, comment="what goes outside, fixed at the first attempt so that a retry says the same"),
    Column("state", String(10), nullable=False, comment="one of states.JobState"),
    Column("attempt", Integer, nullable=False, comment="fence: only the current attempt may answer; it only rises"),
    Column("tries", Integer, nullable=False, server_default="0", comment="attempts since a person's last retry"),
    Column("retry_max", Integer, nullable=False, server_default="7", comment="tries after the first (the diagram's retryMax)"),
    Column("retry_delay", Float, nullable=False, server_default="2", comment="seconds before the first retry, doubled each time"),
    Column("next_at", UtcDateTime, comment="when it may be handed out (pending) or its lease ends (running); null when over"),
    Column("error", Text),
    Column("answer", JSON, comment="what came back while the instance was suspended: {result} or {refused: [code, message]}"),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
    Column("payload_proof", String(32), comment="of the payload"),
    Column("answer_proof", String(32), comment="of the answer"),
    Index("ix_process_job_next", "next_at"),
    Index("ix_process_job_failed", "handler", **_where(f"state = '{JobState.FAILED}'")),
)

draft = Table(
    "process_draft",
    metadata,
    Column("person_id", Integer, primary_key=True, autoincrement=False),
    Column("form_key", String(80), primary_key=True, comment="names a form: task/<id>, <key>/<record id>, <key>/new/…, designer/<key>"),
    Column("data", JSON, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)

substitute = Table(
    "process_substitute",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("party_id", ForeignKey("party.id"), nullable=False, comment="both people's party"),
    Column("person_id", ForeignKey("person.id"), nullable=False, comment="who is away"),
    Column("substitute_id", ForeignKey("person.id"), nullable=False, comment="who stands in"),
    Column("key", String(60), comment="the process it is for; null: all"),
    Column("existing", Boolean, nullable=False, comment="also tasks that were there before it began"),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, comment="first moment at which it no longer holds"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
    Index("ix_process_substitute_substitute", "substitute_id", "ends_at"),
    Index("ix_process_substitute_party", "party_id", "ends_at"),
)

copy = Table(
    "process_copy",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False, comment="who may read the record"),
    Column("party_id", ForeignKey("party.id"), nullable=False, comment="that person's party then; in another one the copy lends nothing"),
    Column("sent_by", ForeignKey("person.id"), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("note", String(500), nullable=False),
    Column("read_at", UtcDateTime),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
    Index("ix_process_copy_newest", "person_id", "sent_at"),
    Index("ix_process_copy_instance", "instance_id", "person_id"),
)

migration = Table(
    "process_migration",
    metadata,
    Column("instance_id", ForeignKey("process_instance.id"), primary_key=True),
    Column(
        "version",
        Integer,
        nullable=False,
        comment="the instance's version after the migration; while it is unchanged, the migration can be undone",
    ),
    Column(
        "definition_id",
        ForeignKey("process_definition.id"),
        nullable=False,
        comment="the version that it ran on before; the columns below are of then, too",
    ),
    Column("state", LargeBinary, nullable=False),
    Column("path", JSON, nullable=False),
    Column("position", _ELEMENT),
    Column("position_since", UtcDateTime),
    Column("incident", Text),
    Column("tasks", JSON, nullable=False, comment="the live task rows: id → columns"),
    Column("jobs", JSON, nullable=False, comment="the jobs that were not over: id → state"),
    Column("proof", String(32), comment="over the columns that `processes.proving` names"),
)

saved_filter = Table(
    "process_saved_filter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("name", String(20), nullable=False),
    Column("query", String(500), nullable=False, comment="the inbox's address after the question mark"),
    UniqueConstraint("person_id", "name"),
)

notice = Table(
    "process_notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, comment="whom it is for"),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(12), nullable=False, comment="one of states.NoticeKind"),
    Column("text", String(400), nullable=False),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False),
    Column("task_id", String(36), comment="the task it leads to; null: to the record"),
    Column("read_at", UtcDateTime),
    Column("shown", Boolean, nullable=False, server_default=true(), comment="in the page; else it goes by SMS alone"),
    Column("sms_at", UtcDateTime, comment="from when on it may go by SMS; null: not at all, or it is on its way"),
    Column("party_id", Integer, nullable=False, comment="the person's party then: it is not shown in another"),
    Index("ix_process_notice_unread", "person_id", "read_at"),
    Index("ix_process_notice_newest", "person_id", "at"),
    Index("ix_process_notice_sms", "sms_at"),
    Index("ix_process_notice_task", "task_id"),
)

notice_choice = Table(
    "process_notice_choice",
    metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("shown", Boolean, nullable=False, comment="in the page"),
    Column("sms", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False, comment="when it was chosen: nothing from before is notified"),
)

text = Table(
    "process_text",
    metadata,
    Column("id", String(36), primary_key=True, comment="the idempotency key of its sending"),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("payload", JSON, nullable=False, comment="what goes to the gateway, fixed so that a retry says the same"),
    Column("state", String(10), nullable=False, comment="one of states.TextState"),
    Column("attempt", Integer, nullable=False, comment="fence: only the current attempt may answer; it only rises"),
    Column("tries", Integer, nullable=False, comment="attempts since a person's last retry"),
    Column("next_at", UtcDateTime, comment="when it may be sent (pending) or its lease ends (running); null when over"),
    Column("error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_process_text_next", "next_at"),
    Column("resent_by", String(160), comment="who in charge last sent it again"),
    Index("ix_process_text_person", "person_id", "created_at"),
    Index("ix_process_text_failed", "created_at", **_where(f"state = '{TextState.FAILED}'")),
)
