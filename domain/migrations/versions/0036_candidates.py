"""考生"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "candidate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False, comment="院校考生 or 社会考生"),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("pinyin", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=12), nullable=False, comment="kind of identity document"),
        sa.Column("id_number", sa.String(length=30), nullable=False),
        sa.Column("mobile", sa.String(length=11), nullable=False),
        sa.Column("major", sa.String(length=60), nullable=True, comment="null: not known, as of old candidates and those of the public"),
        sa.Column("level", sa.String(length=4), nullable=True, comment="专业层次: 中职, 高职 or 本科; null as of major"),
        sa.Column("entry_year", sa.Integer(), nullable=True, comment="null as of major"),
        sa.Column("photo", sa.String(length=64), nullable=True, comment="SHA-256 of the stored JPEG, hexadecimal; null: no photo yet"),
        sa.Column("registered", sa.Integer(), nullable=False, comment="已报考证书: certificates registered for; the registrations keep it"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_candidate_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("party_id", "kind", "document", "id_number", name=op.f("uq_candidate_party_id_kind_document_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_candidate_party_id_kind_id", "candidate", ["party_id", "kind", "id"])
    op.create_index("ix_candidate_party_id_kind_status", "candidate", ["party_id", "kind", "status"])


def downgrade() -> None:
    op.drop_index("ix_candidate_party_id_kind_status", "candidate")
    op.drop_index("ix_candidate_party_id_kind_id", "candidate")
    op.drop_table("candidate")
