"""Imports keep what people should know of their file: rows and columns that it does not show"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "what people should know of the file before its rows are taken in, in Chinese"
    op.add_column("import_record", sa.Column("remarks", sa.JSON(), nullable=False, server_default="[]", comment=comment))


def downgrade() -> None:
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.drop_column("remarks")
