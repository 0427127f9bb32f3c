"""Imports keep the sheets of their workbook that hold rows: a person chooses from several"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SHA256 = ("of the file's bytes", "of the file's bytes, and the name of the sheet where one was chosen")


def upgrade() -> None:
    sheets = sa.Column(
        "sheets",
        sa.JSON(),
        nullable=False,
        server_default="[]",
        comment="where rows stand in several sheets: all of those; else those that cannot be imported",
    )
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.add_column(sheets)
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.alter_column("sheets", server_default=None)
    _comment(*SHA256)


def downgrade() -> None:
    _comment(*reversed(SHA256))
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.drop_column("sheets")


def _comment(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("import_record", "sha256", existing_comment=before, comment=after)
