"""附件 of standards"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("skill_standard", "site_standard")


def upgrade() -> None:
    for table in TABLES:
        files = sa.Column("attachments", sa.JSON(), nullable=False, server_default="[]", comment="ids of stored files")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(files)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column("attachments", server_default=None)


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("attachments")
