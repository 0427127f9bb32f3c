"""电子签章 of 培训评价组织"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organization_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="1, 2, … of its party"),
        sa.Column("subject", sa.String(length=200), nullable=False, comment="whom the certificate names"),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False, comment="the certificate's number, hexadecimal"),
        sa.Column("valid_from", UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_to", UtcDateTime(timezone=True), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False, comment="a PNG of at most 2 MB"),
        sa.Column("key", sa.LargeBinary(), nullable=False, comment="SealKey.pem, encrypted by domain.ground.vault; no page shows it"),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_organization_seal_author_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_organization_seal_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_seal")),
        sa.UniqueConstraint("party_id", "version", name=op.f("uq_organization_seal_party_id_version")),
        sqlite_autoincrement=True,
    )
    _comment("1, 2, … of its school", "1, 2, … of its party")


def downgrade() -> None:
    _comment("1, 2, … of its party", "1, 2, … of its school")
    op.drop_table("organization_seal")


def _comment(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("seal", "version", existing_comment=before, comment=after)
