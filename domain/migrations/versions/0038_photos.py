"""imports of photos"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photo_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes of the whole zip"),
        sa.Column("received", sa.Integer(), nullable=False, comment="bytes of it that have arrived, from its beginning"),
        sa.Column(
            "modified", sa.String(length=20), nullable=False, comment="when the sender's file was last changed, as the browser tells it"
        ),
        sa.Column("ground", sa.String(length=1), nullable=False, comment="红, 白 or 蓝: the ground that its photos must have"),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True, comment="why the whole zip was refused, for people"),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False, comment="photos that candidates have now"),
        sa.Column("mendable", sa.Integer(), nullable=False, comment="refused photos that a crop would mend"),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True, comment="the background task that last worked on it"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_photo_import_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_photo_import_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo_import")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_photo_import_list", "photo_import", ["party_id", "id"])
    op.create_table(
        "photo_item",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="1, 2, … in the order of the zip"),
        sa.Column("place", sa.Integer(), nullable=False, comment="number of its entry in the zip's directory, from 0"),
        sa.Column("name", sa.String(length=200), nullable=False, comment="of the file, with its folders in the zip"),
        sa.Column("id_number", sa.String(length=200), nullable=False, comment="that its file name says"),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True, comment="why it was refused, for people; null: it was not"),
        sa.Column("photo", sa.String(length=64), nullable=True, comment="SHA-256 of what is kept of it; of a mendable one, of its crop"),
        sa.Column("preview", sa.String(length=64), nullable=True, comment="SHA-256 of a small picture of a refused photo"),
        sa.Column("box", sa.JSON(none_as_null=True), nullable=True, comment="left, top, right, bottom of the crop, in its pixels"),
        sa.Column("width", sa.Integer(), nullable=True, comment="pixels of the photo, upright; null: it could not be opened"),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("candidate_id", sa.Integer(), nullable=True, comment="of one candidate whom it was given to"),
        sa.ForeignKeyConstraint(["import_id"], ["photo_import.id"], name=op.f("fk_photo_item_import_id")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_photo_item")),
    )
    op.create_index("ix_photo_item_state", "photo_item", ["import_id", "state", "number"])
    op.create_index("ix_photo_item_photo", "photo_item", ["photo"])
    op.create_index("ix_photo_item_preview", "photo_item", ["preview"])
    op.create_index("ix_candidate_photo", "candidate", ["photo"])  # whether a stored photo is still named


def downgrade() -> None:
    op.drop_index("ix_candidate_photo", "candidate")
    op.drop_table("photo_item")
    op.drop_table("photo_import")
