"""考试科目"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_subject",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False, comment="考试方式, one of METHODS"),
        sa.Column("room_type", sa.String(length=20), nullable=False, comment="考场类型: which rooms can hold it"),
        sa.Column("audience", sa.String(length=10), nullable=False, comment="参考对象, one of AUDIENCES"),
        sa.Column("full_mark", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True, comment="null: not set yet"),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_exam_subject_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_exam_subject_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_subject")),
        sa.UniqueConstraint("certificate_id", "name", "audience", name=op.f("uq_exam_subject_certificate_id_name_audience")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_exam_subject_party_id"), "exam_subject", ["party_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_exam_subject_party_id"), table_name="exam_subject")
    op.drop_table("exam_subject")
