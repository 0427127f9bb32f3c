"""The opinions asked for a task are found by an index: each page of a task asks for them."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    asked = sa.text("parent_id IS NOT NULL")
    op.create_index("ix_process_task_parent", "process_task", ["parent_id"], sqlite_where=asked, postgresql_where=asked)


def downgrade() -> None:
    op.drop_index("ix_process_task_parent", "process_task")
