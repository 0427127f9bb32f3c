"""签发: signatures, numbers, certificates that were made"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("certificate_issuance", table_kwargs={"sqlite_autoincrement": True}) as table:
        at, whose = "where the last exam was; null only until it is set", "the school whose site that is"
        table.add_column(sa.Column("site_id", sa.Integer(), nullable=True, comment=at))
        table.add_column(sa.Column("site_party_id", sa.Integer(), nullable=True, comment=whose))
        number = "证书编号; null until both sides have signed"
        table.add_column(sa.Column("certificate_number", sa.String(length=20), nullable=True, comment=number))
        table.add_column(sa.Column("issued_on", sa.Date(), nullable=True, comment="发证日期, in Shanghai"))
        table.add_column(sa.Column("token", sa.String(length=32), nullable=True, comment="of the address that the QR code holds"))
        table.add_column(sa.Column("file_id", sa.Integer(), nullable=True, comment="the sealed certificate; null: there is none"))
        keys = "SHA-256 of the certificates that sealed it: organization, site"
        table.add_column(sa.Column("seal_keys", sa.String(length=130), nullable=True, comment=keys))
        problem = "why it could not be made; null: nothing is wrong"
        table.add_column(sa.Column("problem", sa.String(length=300), nullable=True, comment=problem))
        ended = "null: it is valid, once there is a certificate"
        table.add_column(sa.Column("withdrawn_at", UtcDateTime(timezone=True), nullable=True, comment=ended))
        why = "as everybody reads it who checks the certificate"
        table.add_column(sa.Column("withdrawn_why", sa.String(length=300), nullable=True, comment=why))
        for column, other in (("site_id", "exam_site"), ("site_party_id", "party"), ("file_id", "stored_file")):
            table.create_foreign_key(op.f(f"fk_certificate_issuance_{column}"), other, [column], ["id"])
        for column in ("certificate_number", "token", "file_id"):
            table.create_unique_constraint(op.f(f"uq_certificate_issuance_{column}"), [column])
    op.create_index(op.f("ix_certificate_issuance_site_party_id"), "certificate_issuance", ["site_party_id"], unique=False)
    op.create_table(
        "certificate_serial",
        sa.Column("beginning", sa.String(length=13), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("beginning", name=op.f("pk_certificate_serial")),
    )
    op.create_table(
        "certificate_withdrawal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("issuance_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False, comment="false: the province did not agree; another may be asked for"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["issuance_id"], ["certificate_issuance.id"], name=op.f("fk_certificate_withdrawal_issuance_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_certificate_withdrawal_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_withdrawal")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_certificate_withdrawal_open",
        "certificate_withdrawal",
        ["issuance_id"],
        unique=True,
        sqlite_where=sa.text("open IS 1"),
        postgresql_where=sa.text("open IS true"),
    )
    for name in ("party_id", "issuance_id"):
        op.create_index(op.f(f"ix_certificate_withdrawal_{name}"), "certificate_withdrawal", [name], unique=False)
    op.create_table(
        "issuance_signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuance_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False, comment="one of SIDES"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=160), nullable=False, comment="name and party as they were then"),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of `statement` as it was signed"),
        sa.Column("signed_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issuance_id"], ["certificate_issuance.id"], name=op.f("fk_issuance_signature_issuance_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_issuance_signature_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuance_signature")),
    )
    op.create_index(op.f("ix_issuance_signature_issuance_id"), "issuance_signature", ["issuance_id"], unique=False)


def downgrade() -> None:
    op.drop_table("issuance_signature")
    op.drop_table("certificate_withdrawal")
    op.drop_table("certificate_serial")
    op.drop_index(op.f("ix_certificate_issuance_site_party_id"), table_name="certificate_issuance")
    with op.batch_alter_table("certificate_issuance") as table:
        for column in (
            "withdrawn_why",
            "withdrawn_at",
            "problem",
            "seal_keys",
            "file_id",
            "token",
            "issued_on",
            "certificate_number",
            "site_party_id",
            "site_id",
        ):
            table.drop_column(column)
