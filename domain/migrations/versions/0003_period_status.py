"""a reporting period's status, written by its process"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reporting_period") as batch_op:
        batch_op.add_column(sa.Column("status", sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("tone", sa.String(length=12), nullable=False, server_default="draft"))
    with op.batch_alter_table("reporting_period") as batch_op:
        batch_op.alter_column("status", server_default=None)
        batch_op.alter_column("tone", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("reporting_period") as batch_op:
        batch_op.drop_column("tone")
        batch_op.drop_column("status")
