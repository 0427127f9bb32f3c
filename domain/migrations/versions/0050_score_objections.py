"""成绩异议"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "score_objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False, comment="what the candidate wrote"),
        sa.Column("was", sa.String(length=20), nullable=False, comment="the mark, or the state, that was objected to"),
        sa.Column("answer", sa.String(length=300), nullable=True, comment="what the organization answered"),
        sa.Column("mark", sa.Numeric(precision=6, scale=2), nullable=True, comment="更正后的成绩"),
        sa.Column("state", sa.String(length=4), nullable=True, comment="更正后的状态; null with a mark: 正常"),
        sa.Column("open", sa.Boolean(), nullable=False, comment="false: it was answered"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["exam_entry.id"], name=op.f("fk_score_objection_entry_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_score_objection_party_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_score_objection_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_objection")),
        sqlite_autoincrement=True,
    )
    for name in ("party_id", "entry_id", "registration_id"):
        op.create_index(op.f(f"ix_score_objection_{name}"), "score_objection", [name], unique=False)
    op.create_index(
        "uq_score_objection_open",
        "score_objection",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("open IS 1"),
        postgresql_where=sa.text("open IS true"),
    )


def downgrade() -> None:
    op.drop_table("score_objection")
