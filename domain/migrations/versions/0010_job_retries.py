"""How often and how far apart a job is tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TRIES = "attempts since a person's last retry"
RETRY_MAX = "tries after the first (the diagram's retryMax)"
RETRY_DELAY = "seconds before the first retry, doubled each time"
STATES = ("pending, running, done or failed", "pending, running, done, failed, or cancelled: the process went another way")
ATTEMPT = ("fence: only the current attempt may answer", "fence: only the current attempt may answer; never falls")
KINDS = ("start, task, message, edit, timer, job, incident, end", "start, task, message, edit, timer, job, error, incident, retry")


def upgrade() -> None:
    with op.batch_alter_table("process_job") as batch:
        batch.add_column(sa.Column("tries", sa.Integer(), server_default="0", nullable=False, comment=TRIES))
        batch.add_column(sa.Column("retry_max", sa.Integer(), server_default="7", nullable=False, comment=RETRY_MAX))
        batch.add_column(sa.Column("retry_delay", sa.Float(), server_default="2", nullable=False, comment=RETRY_DELAY))
        batch.alter_column("state", existing_type=sa.String(10), existing_nullable=False, existing_comment=STATES[0], comment=STATES[1])
        batch.alter_column("attempt", existing_type=sa.Integer(), existing_nullable=False, existing_comment=ATTEMPT[0], comment=ATTEMPT[1])
    with op.batch_alter_table("process_event") as batch:
        batch.alter_column("kind", existing_type=sa.String(12), existing_nullable=False, existing_comment=KINDS[0], comment=KINDS[1])


def downgrade() -> None:
    with op.batch_alter_table("process_event") as batch:
        batch.alter_column("kind", existing_type=sa.String(12), existing_nullable=False, existing_comment=KINDS[1], comment=KINDS[0])
    with op.batch_alter_table("process_job") as batch:
        batch.alter_column("attempt", existing_type=sa.Integer(), existing_nullable=False, existing_comment=ATTEMPT[1], comment=ATTEMPT[0])
        batch.alter_column("state", existing_type=sa.String(10), existing_nullable=False, existing_comment=STATES[1], comment=STATES[0])
        batch.drop_column("retry_delay")
        batch.drop_column("retry_max")
        batch.drop_column("tries")
