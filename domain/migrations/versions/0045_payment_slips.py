"""缴费申请单"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_slip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True, comment="缴费单号; null only until the row has its id"),
        sa.Column("people", sa.Integer(), nullable=False, comment="registrations on it when it was made"),
        sa.Column("total", sa.Numeric(precision=12, scale=2), nullable=False, comment="yuan"),
        sa.Column("remark", sa.String(length=200), nullable=True, comment="付款说明"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_payment_slip_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_payment_slip_party_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_payment_slip_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_slip")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_slip_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_payment_slip_party_id"), "payment_slip", ["party_id"], unique=False)
    op.create_index(op.f("ix_payment_slip_plan_id"), "payment_slip", ["plan_id"], unique=False)
    op.create_table(
        "payment_line",
        sa.Column("registration_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slip_id", sa.Integer(), nullable=False),
        sa.Column("price", sa.Numeric(precision=8, scale=2), nullable=False, comment="yuan, as the registration says"),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_payment_line_registration_id")),
        sa.ForeignKeyConstraint(["slip_id"], ["payment_slip.id"], name=op.f("fk_payment_line_slip_id")),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_payment_line")),
    )
    op.create_index(op.f("ix_payment_line_slip_id"), "payment_line", ["slip_id"], unique=False)


def downgrade() -> None:
    op.drop_table("payment_line")
    op.drop_table("payment_slip")
