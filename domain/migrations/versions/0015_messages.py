"""Messages between instances"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "process_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False, comment="the party of the sender's record"),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("element", sa.String(length=100), nullable=False, comment="what threw it"),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.String(length=10),
            nullable=False,
            comment="waiting, delivered, failed (an incident) or expired (nobody received it)",
        ),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=True, comment="when it is looked at next; null when over"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("instance_id", sa.Integer(), nullable=True, comment="who received it, or has the incident"),
        sa.Column("target", sa.String(length=100), nullable=True, comment="the element that received it"),
        sa.ForeignKeyConstraint(["sender_id"], ["process_instance.id"], name=op.f("fk_process_message_sender_id")),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name=op.f("fk_process_message_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_message")),
    )
    op.create_index("ix_process_message_next", "process_message", ["state", "next_at"])
    op.create_index("ix_process_message_name", "process_message", ["name", "state"])
    op.create_index("ix_process_message_instance", "process_message", ["instance_id"])
    op.create_table(
        "process_subscription",
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("element", sa.String(length=100), nullable=False, comment="the event that waits for a message of another instance"),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False, comment="sha256 over the values that the message must carry"),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["definition_id"], ["process_definition.id"], name=op.f("fk_process_subscription_definition_id")),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name=op.f("fk_process_subscription_instance_id")),
        sa.PrimaryKeyConstraint("instance_id", "element", name=op.f("pk_process_subscription")),
    )
    op.create_index("ix_process_subscription_key", "process_subscription", ["name", "definition_id", "element", "key"])
    with op.batch_alter_table("process_definition", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("starts_by", sa.String(length=100), nullable=True, comment="name of the message that starts it; null: people do")
        )
        batch_op.create_index("ix_process_definition_starts_by", ["starts_by"])


def downgrade() -> None:
    with op.batch_alter_table("process_definition", schema=None) as batch_op:
        batch_op.drop_index("ix_process_definition_starts_by")
        batch_op.drop_column("starts_by")
    op.drop_table("process_subscription")
    op.drop_table("process_message")
