"""考核站点"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_exam_site_author_id")),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_exam_site_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_exam_site_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_site")),
        sa.UniqueConstraint("party_id", "certificate_id", name=op.f("uq_exam_site_party_id_certificate_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("exam_site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_site_certificate_id"), ["certificate_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("exam_site", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exam_site_certificate_id"))
    op.drop_table("exam_site")
