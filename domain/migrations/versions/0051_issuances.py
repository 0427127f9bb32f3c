"""证书发放"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate_issuance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False, comment="with whose end it began"),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("pinyin", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=12), nullable=False),
        sa.Column("id_number", sa.String(length=30), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_issuance_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_certificate_issuance_party_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_certificate_issuance_plan_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_certificate_issuance_registration_id")),
        sa.ForeignKeyConstraint(["school_id"], ["party.id"], name=op.f("fk_certificate_issuance_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_issuance")),
        sa.UniqueConstraint(
            "certificate_id", "document", "id_number", name=op.f("uq_certificate_issuance_certificate_id_document_id_number")
        ),
        sqlite_autoincrement=True,
    )
    for name in ("party_id", "school_id", "plan_id", "registration_id", "id_number"):
        op.create_index(op.f(f"ix_certificate_issuance_{name}"), "certificate_issuance", [name], unique=False)


def downgrade() -> None:
    op.drop_table("certificate_issuance")
