"""Messages to people keep the party in which their reader was told"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("process_notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("party_id", sa.Integer(), comment="the person's party then: it is not shown in another"))
    op.execute("UPDATE process_notice SET party_id = (SELECT party_id FROM person WHERE person.id = process_notice.person_id)")
    with op.batch_alter_table("process_notice", schema=None) as batch_op:
        batch_op.alter_column("party_id", existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("process_notice", schema=None) as batch_op:
        batch_op.drop_column("party_id")
