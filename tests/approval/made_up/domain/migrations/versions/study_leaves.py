"""教师进修"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "NEXT"
down_revision = "LAST"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "study_leave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_study_leave_author_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_study_leave_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_leave")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("study_leave", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_study_leave_party_id"), ["party_id"], unique=False)


def downgrade() -> None:
    op.drop_table("study_leave")
