"""考试时间已修改 is told; when a 考试科目 was in force"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moved = "how often sittings with published seats got another time"
    op.add_column("exam_plan", sa.Column("sittings_moved", sa.Integer(), nullable=False, server_default="0", comment=moved))
    op.create_table(
        "exam_subject_in_force",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("began_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True, comment="null: it is in force"),
        sa.ForeignKeyConstraint(["subject_id"], ["exam_subject.id"], name=op.f("fk_exam_subject_in_force_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_subject_in_force")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_exam_subject_in_force_subject_id"), "exam_subject_in_force", ["subject_id"], unique=False)
    # what is off now was off: when it was switched off, no column says
    op.execute(
        "INSERT INTO exam_subject_in_force (subject_id, began_at, ended_at) "
        "SELECT id, created_at, CASE WHEN tone = 'done' THEN NULL ELSE created_at END FROM exam_subject"
    )


def downgrade() -> None:
    op.drop_table("exam_subject_in_force")
    op.drop_column("exam_plan", "sittings_moved")
