"""监考人员 and their certificates"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invigilator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("id_number", sa.String(length=18), nullable=False),
        sa.Column("mobile", sa.String(length=11), nullable=False),
        sa.Column("unit", sa.String(length=100), nullable=True, comment="where the person works"),
        sa.Column("rank", sa.String(length=30), nullable=True, comment="职称"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_invigilator_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invigilator")),
        sa.UniqueConstraint("party_id", "id_number", name=op.f("uq_invigilator_party_id_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invigilator_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invigilator_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_invigilator_certificate_certificate_id")),
        sa.ForeignKeyConstraint(["invigilator_id"], ["invigilator.id"], name=op.f("fk_invigilator_certificate_invigilator_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_invigilator_certificate_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invigilator_certificate")),
        sa.UniqueConstraint("invigilator_id", "certificate_id", name=op.f("uq_invigilator_certificate_invigilator_id_certificate_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_invigilator_certificate_certificate_id"), "invigilator_certificate", ["certificate_id"], unique=False)
    op.create_index(op.f("ix_invigilator_certificate_party_id"), "invigilator_certificate", ["party_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_invigilator_certificate_party_id"), table_name="invigilator_certificate")
    op.drop_index(op.f("ix_invigilator_certificate_certificate_id"), table_name="invigilator_certificate")
    op.drop_table("invigilator_certificate")
    op.drop_table("invigilator")
