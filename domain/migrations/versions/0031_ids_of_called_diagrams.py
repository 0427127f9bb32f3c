"""Columns of elements hold the id of a called diagram's element, `<key>:<id>`: 60 + 1 + 100 characters"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BEFORE, AFTER = 100, 161
COLUMNS = {  # table → its columns, each with whether it may be null, and its comment
    "process_instance": {"position": (True, "the element that the status comes from")},
    "process_task": {"element": (False, None)},
    "process_vote": {"element": (False, None)},
    "process_event": {"element": (True, None)},
    "process_message": {"element": (False, "the element that sent it"), "target": (True, "the element that received it")},
    "process_subscription": {"element": (False, "the event that waits for a message of another instance")},
    "process_job": {"element": (False, None)},
    "process_migration": {"position": (True, None)},
}


def upgrade() -> None:
    _resize(BEFORE, AFTER)


def downgrade() -> None:
    _resize(AFTER, BEFORE)


def _resize(before: int, after: int) -> None:
    for table, columns in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch:
            for name, (nullable, comment) in columns.items():
                batch.alter_column(
                    name,
                    existing_type=sa.String(before),
                    type_=sa.String(after),
                    existing_nullable=nullable,
                    existing_comment=comment,
                )
