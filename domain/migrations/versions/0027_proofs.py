"""Rows keep proofs: keyed hashes over what nobody may change by hand; lines of history keep what the record said"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

COVERED = "over the columns that `processes.proving` names"
PROOFS = {
    "process_definition": {"proof": COVERED},
    "process_instance": {"proof": COVERED},
    "process_task": {
        "proof": COVERED,
        "assignee_proof": "of the assignee",
        "closing_proof": "of the outcome, and of who gave it when",
    },
    "process_vote": {"proof": COVERED},
    "process_event": {"record": "hash of what the record said after the step; on the last line of a step"},
    "process_message": {"proof": COVERED},
    "process_job": {"proof": COVERED, "payload_proof": "of the payload", "answer_proof": "of the answer"},
    "process_substitute": {"proof": COVERED},
    "process_copy": {"proof": COVERED},
    "process_migration": {"proof": COVERED},
}


def upgrade() -> None:
    for table, columns in PROOFS.items():
        for name, comment in columns.items():
            op.add_column(table, sa.Column(name, sa.String(32), comment=comment))


def downgrade() -> None:
    for table, columns in PROOFS.items():
        for name in columns:
            op.drop_column(table, name)
