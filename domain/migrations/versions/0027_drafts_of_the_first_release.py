"""Drafts of weekly reports that the first release kept under another name"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NEWER = "'weekly_report/' || substr(process_draft.form_key, 8)"
KNOWN = f"SELECT 1 FROM process_draft AS newer WHERE newer.person_id = process_draft.person_id AND newer.form_key = {NEWER}"  # noqa: S608
OLD = "process_draft.form_key LIKE 'weekly/%'"


def upgrade() -> None:
    op.execute(f"DELETE FROM process_draft WHERE {OLD} AND EXISTS ({KNOWN})")  # noqa: S608  # what was typed later counts
    op.execute(f"UPDATE process_draft SET form_key = {NEWER} WHERE {OLD}")  # noqa: S608


def downgrade() -> None:
    """The newer names stay: all releases but the first know them."""
