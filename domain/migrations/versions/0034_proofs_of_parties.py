"""Parties, passwords, and the note and scenarios of a version have proofs"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("party", sa.Column("proof", sa.String(32), comment="of all of it: `party_proof`"))
    op.add_column("person", sa.Column("password_proof", sa.String(32), comment="of the password; null: none was chosen"))
    op.add_column("process_definition", sa.Column("words_proof", sa.String(32), comment="of the note and the scenarios"))


def downgrade() -> None:
    op.drop_column("process_definition", "words_proof")
    op.drop_column("party", "proof")
    op.drop_column("person", "password_proof")
