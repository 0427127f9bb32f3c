"""考试计划"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

MOMENTS = [f"{window}_{side}" for window in ("registration", "arranging", "exam", "scoring", "publicity") for side in ("from", "to")]


def upgrade() -> None:
    op.create_table(
        "exam_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True, comment="计划编号; null only until the row has its id"),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("mode", sa.String(length=4), nullable=False, comment="报考方式, one of MODES; empty in a draft without one"),
        *(sa.Column(name, UtcDateTime(timezone=True), nullable=True) for name in MOMENTS),
        sa.Column("data", sa.JSON(), nullable=False, comment="what else the form holds; of a draft also lines not whole yet"),
        sa.Column("published", sa.Boolean(), nullable=False, comment="whether schools see it"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_exam_plan_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_plan")),
        sa.UniqueConstraint("number", name=op.f("uq_exam_plan_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_exam_plan_party_id"), "exam_plan", ["party_id"], unique=False)
    op.create_table(
        "exam_plan_school",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["school.id"], name=op.f("fk_exam_plan_school_party_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_plan_school_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "party_id", name=op.f("pk_exam_plan_school")),
    )
    op.create_index(op.f("ix_exam_plan_school_party_id"), "exam_plan_school", ["party_id"], unique=False)
    op.create_table(
        "exam_plan_certificate",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("fee", sa.Numeric(precision=8, scale=2), nullable=False, comment="yuan a candidate"),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_exam_plan_certificate_certificate_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_plan_certificate_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "certificate_id", name=op.f("pk_exam_plan_certificate")),
    )
    op.create_index(op.f("ix_exam_plan_certificate_certificate_id"), "exam_plan_certificate", ["certificate_id"], unique=False)
    op.create_table(
        "exam_sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=False, comment="the first moment that is too late"),
        sa.Column("fee", sa.Numeric(precision=8, scale=2), nullable=False, comment="yuan a candidate, where one registers by subject"),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_sitting_plan_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["exam_subject.id"], name=op.f("fk_exam_sitting_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_sitting")),
        sa.UniqueConstraint("plan_id", "subject_id", "starts_at", name=op.f("uq_exam_sitting_plan_id_subject_id_starts_at")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_exam_sitting_subject_id"), "exam_sitting", ["subject_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_exam_sitting_subject_id"), table_name="exam_sitting")
    op.drop_table("exam_sitting")
    op.drop_index(op.f("ix_exam_plan_certificate_certificate_id"), table_name="exam_plan_certificate")
    op.drop_table("exam_plan_certificate")
    op.drop_index(op.f("ix_exam_plan_school_party_id"), table_name="exam_plan_school")
    op.drop_table("exam_plan_school")
    op.drop_index(op.f("ix_exam_plan_party_id"), table_name="exam_plan")
    op.drop_table("exam_plan")
