"""Imports keep which sheet of their workbook was read, and where its headings stand"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("sheet", sa.Text(), comment="name of the sheet that was read; null: not read yet, or a file without sheets")
        )
        batch_op.add_column(sa.Column("head", sa.Integer(), comment="number of the row of headings; null: not read yet"))


def downgrade() -> None:
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.drop_column("head")
        batch_op.drop_column("sheet")
