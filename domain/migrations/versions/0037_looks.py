"""Who looked at what lists show masked"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False, comment="key of the kind of record"),
        sa.Column("record_id", sa.Integer(), nullable=False, comment="no foreign key: the line outlives the record"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=160), nullable=False, comment="name and party as they were then"),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False, comment="what for: 查看, 编辑, 办理, 导出, …"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_look_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
    )
    op.create_index("ix_look_record", "look", ["kind", "record_id"])


def downgrade() -> None:
    op.drop_index("ix_look_record", "look")
    op.drop_table("look")
