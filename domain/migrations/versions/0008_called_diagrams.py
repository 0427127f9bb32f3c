"""diagrams that call others, and decision tables"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("process_definition", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "called", sa.JSON(), server_default="{}", nullable=False, comment="key → id of the versions of the diagrams that it calls"
            )
        )
        batch_op.add_column(sa.Column("decisions", sa.JSON(), server_default="{}", nullable=False, comment="decision id → DMN file"))
