"""People with their roles, uploaded files and 修改记录 have proofs"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

PROOFS = {
    "person": "of who this is and of the roles: `person_proof`",
    "stored_file": "of all of it but `attached_at`",
    "record_change": "of the edit and of which edit of the record came before it",
}


def upgrade() -> None:
    for table, comment in PROOFS.items():
        op.add_column(table, sa.Column("proof", sa.String(32), comment=comment))


def downgrade() -> None:
    for table in PROOFS:
        op.drop_column(table, "proof")
