"""科目成绩"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_score",
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Numeric(precision=6, scale=2), nullable=True, comment="null unless 正常"),
        sa.Column("state", sa.String(length=4), nullable=False, comment="正常, 缺考, 违纪 or 缓考"),
        sa.Column("entered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("(mark IS NULL) = (state <> '正常')", name="ck_exam_score_mark"),
        sa.CheckConstraint("mark IS NULL OR mark >= 0", name="ck_exam_score_positive"),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_exam_score_entered_by")),
        sa.ForeignKeyConstraint(["entry_id"], ["exam_entry.id"], name=op.f("fk_exam_score_entry_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_score_plan_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_exam_score_registration_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_exam_score")),
    )
    op.create_index(op.f("ix_exam_score_plan_id"), "exam_score", ["plan_id"])
    op.create_index(op.f("ix_exam_score_registration_id"), "exam_score", ["registration_id"])
    op.create_table(
        "exam_score_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("was", sa.String(length=20), nullable=False, comment="the mark, or the state, before"),
        sa.Column("now", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["exam_score.entry_id"], name=op.f("fk_exam_score_change_entry_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_score_change_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_score_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_exam_score_change_entry_id"), "exam_score_change", ["entry_id"])


def downgrade() -> None:
    op.drop_table("exam_score_change")
    op.drop_table("exam_score")
