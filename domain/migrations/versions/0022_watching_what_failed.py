"""Messages and SMS that failed: who let them go again, and indexes to find them"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

FAILED = sa.text("state = 'failed'")


def upgrade() -> None:
    with op.batch_alter_table("process_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retried_at", UtcDateTime(), comment="when somebody in charge last let it go again"))
    with op.batch_alter_table("process_text", schema=None) as batch_op:
        batch_op.add_column(sa.Column("resent_by", sa.String(160), comment="who in charge last let it go again"))
    op.create_index("ix_process_text_failed", "process_text", ["created_at"], sqlite_where=FAILED, postgresql_where=FAILED)
    op.create_index("ix_process_job_failed", "process_job", ["handler"], sqlite_where=FAILED, postgresql_where=FAILED)
    op.create_index("ix_process_message_sender", "process_message", ["sender_id"])


def downgrade() -> None:
    op.drop_index("ix_process_message_sender", "process_message")
    op.drop_index("ix_process_job_failed", "process_job")
    op.drop_index("ix_process_text_failed", "process_text")
    with op.batch_alter_table("process_text", schema=None) as batch_op:
        batch_op.drop_column("resent_by")
    with op.batch_alter_table("process_message", schema=None) as batch_op:
        batch_op.drop_column("retried_at")
