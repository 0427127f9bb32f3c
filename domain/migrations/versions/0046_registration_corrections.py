"""报考信息更正"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registration_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("pinyin", sa.String(length=200), nullable=False),
        sa.Column("mobile", sa.String(length=11), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False, comment="false: it was carried out"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_registration_correction_party_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_registration_correction_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_correction")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_registration_correction_party_id"), "registration_correction", ["party_id"], unique=False)
    op.create_index(op.f("ix_registration_correction_registration_id"), "registration_correction", ["registration_id"], unique=False)
    op.create_index(
        "uq_registration_correction_open",
        "registration_correction",
        ["registration_id"],
        unique=True,
        sqlite_where=sa.text("open IS 1"),
        postgresql_where=sa.text("open IS true"),
    )


def downgrade() -> None:
    op.drop_table("registration_correction")
