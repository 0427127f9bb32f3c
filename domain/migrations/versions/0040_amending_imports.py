"""Imports may change records that are there: rows that change nothing, and what a row changes"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


STATE = (
    "good, bad, taken (a record), or started (and its process)",
    "good, bad, same, taken (a record), or started (and its process)",
)


def upgrade() -> None:
    same = "rows that were to change records, and change nothing"
    changes = "[field, before, after, why it stays as it was]; null: the row is to make a record"
    _comment(*STATE)
    op.add_column("import_record", sa.Column("same", sa.Integer(), nullable=False, server_default="0", comment=same))
    op.add_column("import_row", sa.Column("changes", sa.JSON(none_as_null=True), nullable=True, comment=changes))


def downgrade() -> None:
    _comment(*reversed(STATE))
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.drop_column("changes")
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.drop_column("same")


def _comment(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("import_row", "state", existing_comment=before, comment=after)
