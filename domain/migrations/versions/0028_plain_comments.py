"""Comments on columns in plain words"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

COMMENTS = (  # table, column, its comment before and from here on
    ("process_task", "vote_id", "the 会签 it is one of; null: of none", "the 会签 that it belongs to; null: none"),
    ("process_task", "number", "its place in the 会签, from 0", "its number in the 会签, from 0"),
    ("process_vote", "state", "open, agreed, refused, cancelled or undone", "one of states.VoteState"),
    ("process_event", "kind", "start, task, message, edit, timer, job, error, incident, retry", "one of states.EventKind"),
    ("process_message", "element", "what threw it", "the element that sent it"),
    ("process_message", "state", "waiting, delivered, failed (an incident) or expired (nobody received it)", "one of states.MessageState"),
    ("process_message", "next_at", "when it is looked at next; null when over", "when it is tried next; null when over"),
    ("process_message", "instance_id", "who received it, or has the incident", "the instance that received it, or has the incident"),
    ("process_message", "retried_at", "when somebody in charge last let it go again", "when somebody in charge last sent it again"),
    (
        "process_job",
        "attempt",
        "fence: only the current attempt may answer; never falls",
        "fence: only the current attempt may answer; it only rises",
    ),
    (
        "process_job",
        "answer",
        "what the outside said while the instance was suspended: {result} or {refused: [code, message]}",
        "what came back while the instance was suspended: {result} or {refused: [code, message]}",
    ),
    (
        "process_migration",
        "version",
        "the instance's after the migration: while it is still that, it can be undone",
        "the instance's version after the migration; while it is unchanged, the migration can be undone",
    ),
    (
        "process_migration",
        "definition_id",
        "what it ran on before; so are all below",
        "the version that it ran on before; the columns below are of then, too",
    ),
    ("process_notice", "kind", "assigned, opinion, urge or mention", "one of states.NoticeKind"),
    ("process_text", "state", "pending, running, done or failed", "one of states.TextState"),
    (
        "process_text",
        "attempt",
        "fence: only the current attempt may answer; never falls",
        "fence: only the current attempt may answer; it only rises",
    ),
    ("process_text", "resent_by", "who in charge last let it go again", "who in charge last sent it again"),
)


def upgrade() -> None:
    for table, column, before, after in COMMENTS:
        _comment(table, column, before, after)


def downgrade() -> None:
    for table, column, before, after in COMMENTS:
        _comment(table, column, after, before)


def _comment(table: str, column: str, before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column(table, column, existing_comment=before, comment=after)
