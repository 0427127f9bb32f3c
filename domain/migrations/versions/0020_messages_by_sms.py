"""消息设置: which messages a person gets in the page and by SMS, and the SMS themselves."""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("process_notice") as batch_op:
        batch_op.add_column(
            sa.Column("shown", sa.Boolean(), server_default=sa.true(), nullable=False, comment="in the page; else it goes by SMS alone")
        )
        batch_op.add_column(
            sa.Column(
                "sms_at",
                UtcDateTime(timezone=True),
                nullable=True,
                comment="from when on it may go by SMS; null: not at all, or it is on its way",
            )
        )
        batch_op.create_index("ix_process_notice_sms", ["sms_at"])
        batch_op.create_index("ix_process_notice_task", ["task_id"])
    op.create_table(
        "process_notice_choice",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False, comment="in the page"),
        sa.Column("sms", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False, comment="when it was chosen: nothing from before is notified"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_process_notice_choice_person_id")),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_process_notice_choice")),
    )
    op.create_table(
        "process_text",
        sa.Column("id", sa.String(length=36), nullable=False, comment="the idempotency key of its sending"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False, comment="what goes to the gateway, fixed so that a retry says the same"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="pending, running, done or failed"),
        sa.Column("attempt", sa.Integer(), nullable=False, comment="fence: only the current attempt may answer; never falls"),
        sa.Column("tries", sa.Integer(), nullable=False, comment="attempts since a person's last retry"),
        sa.Column(
            "next_at",
            UtcDateTime(timezone=True),
            nullable=True,
            comment="when it may be sent (pending) or its lease ends (running); null when over",
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_process_text_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_text")),
    )
    op.create_index("ix_process_text_next", "process_text", ["next_at"])
    op.create_index("ix_process_text_person", "process_text", ["person_id", "created_at"])


def downgrade() -> None:
    op.drop_table("process_text")
    op.drop_table("process_notice_choice")
    with op.batch_alter_table("process_notice") as batch_op:
        batch_op.drop_index("ix_process_notice_task")
        batch_op.drop_index("ix_process_notice_sms")
        batch_op.drop_column("sms_at")
        batch_op.drop_column("shown")
