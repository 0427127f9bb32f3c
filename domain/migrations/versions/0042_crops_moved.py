"""Photos that need a crop keep a picture from which another one may be cut"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    source = "SHA-256 of the picture that another crop may be cut from; null: none may"
    least = "pixels of the photo that a crop must be wide at least"
    op.add_column("photo_item", sa.Column("source", sa.String(length=64), nullable=True, comment=source))
    op.add_column("photo_item", sa.Column("least", sa.Integer(), nullable=True, comment=least))
    op.create_index("ix_photo_item_source", "photo_item", ["source"])  # whether a stored picture is still named


def downgrade() -> None:
    op.drop_index("ix_photo_item_source", "photo_item")
    with op.batch_alter_table("photo_item", schema=None) as batch_op:
        batch_op.drop_column("least")
        batch_op.drop_column("source")
