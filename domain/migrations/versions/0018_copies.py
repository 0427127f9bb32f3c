"""抄送: to whom a process was copied."""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "process_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False, comment="who may read the record"),
        sa.Column("party_id", sa.Integer(), nullable=False, comment="that person's party then; in another one the copy lends nothing"),
        sa.Column("sent_by", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name=op.f("fk_process_copy_instance_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_process_copy_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_process_copy_person_id")),
        sa.ForeignKeyConstraint(["sent_by"], ["person.id"], name=op.f("fk_process_copy_sent_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_copy")),
    )
    op.create_index("ix_process_copy_newest", "process_copy", ["person_id", "sent_at"])
    op.create_index("ix_process_copy_instance", "process_copy", ["instance_id", "person_id"])


def downgrade() -> None:
    op.drop_table("process_copy")
