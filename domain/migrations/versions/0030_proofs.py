"""Rows keep proofs: keyed hashes over what nobody may change by hand; lines of history keep what the record said"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0030"
down_revision = "0029"
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
    op.create_table(
        "proof_head",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, …"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("leaves", sa.Integer(), nullable=False, comment="how many leaves are new since the head before"),
        sa.Column("digest", sa.String(64), nullable=False, comment="sha256 over the digest before and the new leaves"),
        sa.Column("signature", sa.String(128), nullable=False, comment="Ed25519, of the installation's newest proof key"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_proof_head")),
    )
    op.create_table(
        "proof_leaf",
        sa.Column("chain", sa.String(12), nullable=False, comment="what kind of chain"),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False, comment="the number of the head that covers it"),
        sa.PrimaryKeyConstraint("chain", "id", "seq", name=op.f("pk_proof_leaf")),
    )
    op.create_index("ix_proof_leaf_head", "proof_leaf", ["head", "chain", "id"])


def downgrade() -> None:
    op.drop_table("proof_leaf")
    op.drop_table("proof_head")
    for table, columns in PROOFS.items():
        for name in columns:
            op.drop_column(table, name)
