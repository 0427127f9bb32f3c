"""成绩锁定"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_marks_lock",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("locked_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_marks_lock_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_exam_marks_lock")),
    )


def downgrade() -> None:
    op.drop_table("exam_marks_lock")
