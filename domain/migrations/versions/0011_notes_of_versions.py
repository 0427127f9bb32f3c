"""notes and scenarios of deployed versions"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("process_definition", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("note", sa.String(length=200), server_default="", nullable=False, comment="what the designer said of this version")
        )
        batch_op.add_column(
            sa.Column(
                "scenarios",
                sa.Text(),
                nullable=True,
                comment="YAML that the version was tried out with; null: those beside the diagram in bpmn/",
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("process_definition", schema=None) as batch_op:
        batch_op.drop_column("scenarios")
        batch_op.drop_column("note")
