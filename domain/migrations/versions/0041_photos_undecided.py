"""Imports of photos ask before a photo replaces another one, and whose a photo is whose name says more than a number"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

PROBLEM = ("why it was refused, for people; null: it was not", "why it was refused, or what is wrong with its name; null: nothing")


def upgrade() -> None:
    _comment(*PROBLEM)
    asking, misnamed = "good photos of candidates who have another one", "photos whose file names say more than a number"
    earlier = "SHA-256 of the photo that the candidate had before; null: none"
    op.add_column("photo_import", sa.Column("asking", sa.Integer(), nullable=False, server_default="0", comment=asking))
    op.add_column("photo_import", sa.Column("misnamed", sa.Integer(), nullable=False, server_default="0", comment=misnamed))
    op.add_column("photo_item", sa.Column("earlier", sa.String(length=64), nullable=True, comment=earlier))
    op.create_index("ix_photo_item_earlier", "photo_item", ["earlier"])  # whether a stored picture is still named


def downgrade() -> None:
    _comment(*reversed(PROBLEM))
    op.drop_index("ix_photo_item_earlier", "photo_item")
    with op.batch_alter_table("photo_item", schema=None) as batch_op:
        batch_op.drop_column("earlier")
    with op.batch_alter_table("photo_import", schema=None) as batch_op:
        batch_op.drop_column("misnamed")
        batch_op.drop_column("asking")


def _comment(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("photo_item", "problem", existing_comment=before, comment=after)
