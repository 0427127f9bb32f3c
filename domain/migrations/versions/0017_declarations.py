"""申报计划 and 证书试点申报"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "declaration_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_declaration_plan_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration_plan")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_declaration_plan_party_id"), "declaration_plan", ["party_id"], unique=False)
    op.create_table(
        "declaration_plan_certificate",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["declaration_plan.id"], name=op.f("fk_declaration_plan_certificate_plan_id")),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_declaration_plan_certificate_certificate_id")),
        sa.PrimaryKeyConstraint("plan_id", "certificate_id", name=op.f("pk_declaration_plan_certificate")),
    )
    op.create_index(
        op.f("ix_declaration_plan_certificate_certificate_id"), "declaration_plan_certificate", ["certificate_id"], unique=False
    )
    _declarations()


def _declarations() -> None:
    op.create_table(
        "declaration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["declaration_plan.id"], name=op.f("fk_declaration_plan_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_declaration_party_id")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_declaration_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration")),
        sa.UniqueConstraint("plan_id", "party_id", name=op.f("uq_declaration_plan_id_party_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_declaration_party_id"), "declaration", ["party_id"], unique=False)
    op.create_table(
        "declaration_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("declaration_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("majors", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("site", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["declaration_id"], ["declaration.id"], name=op.f("fk_declaration_line_declaration_id")),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_declaration_line_certificate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration_line")),
        sa.UniqueConstraint("declaration_id", "certificate_id", name=op.f("uq_declaration_line_declaration_id_certificate_id")),
    )
    op.create_index(op.f("ix_declaration_line_certificate_id"), "declaration_line", ["certificate_id"], unique=False)


def downgrade() -> None:
    for table in ("declaration_line", "declaration", "declaration_plan_certificate", "declaration_plan"):
        op.drop_table(table)
