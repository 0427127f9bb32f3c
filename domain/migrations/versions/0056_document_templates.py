"""文档模板"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False, comment="key of jobs.document_templates.kinds"),
        sa.Column("number", sa.Integer(), nullable=False, comment="1, 2, … of its kind"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the text in UTF-8"),
        sa.Column("note", sa.String(length=200), nullable=False, comment="what was changed, and why"),
        sa.Column("based_on", sa.Integer(), nullable=False, comment="number of the version that was edited; 0: the product's own"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=160), nullable=False, comment="name and party as they were then"),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_document_template_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_template")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_document_template_kind_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "document_template_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the version; 0: the product's own"),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of its text, that of the product's own as it was then"),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=160), nullable=False, comment="name and party as they were then"),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_document_template_use_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_template_use")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_document_template_use_kind"), "document_template_use", ["kind", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("document_template_use")
    op.drop_table("document_template")
