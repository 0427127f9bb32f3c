"""imports, teachers, and the nonce of a first password"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False, comment="a key of jobs.imports.IMPORTS"),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True, comment="of the file's bytes"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="a key of STATES"),
        sa.Column("problem", sa.Text(), nullable=True, comment="why the whole file was refused, for people"),
        sa.Column("header", sa.JSON(), nullable=False, comment="the headings as the file has them"),
        sa.Column("places", sa.JSON(), nullable=False, comment="field name → number of the file's column, from 0"),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False, comment="rows with problems"),
        sa.Column("taken", sa.Integer(), nullable=False, comment="rows that became records"),
        sa.Column("task_id", sa.Integer(), nullable=True, comment="the background task that last worked on it"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True, comment="when rows were last taken in"),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_import_record_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_import_record_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_record")),
        sa.UniqueConstraint("party_id", "kind", "sha256", name=op.f("uq_import_record_party_id_kind_sha256")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.create_index("ix_import_record_list", ["party_id", "kind", "id"], unique=False)

    op.create_table(
        "teacher",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("id_number", sa.String(length=18), nullable=True),
        sa.Column("sex", sa.String(length=2), nullable=True),
        sa.Column("major", sa.String(length=60), nullable=True),
        sa.Column("rank", sa.String(length=30), nullable=True, comment="职称"),
        sa.Column("email", sa.String(length=100), nullable=True),
        sa.Column("trained", sa.String(length=500), nullable=True, comment="certificates trained for, as the school wrote them"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_teacher_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_teacher_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teacher")),
        sa.UniqueConstraint("party_id", "id_number", name=op.f("uq_teacher_party_id_id_number")),
        sa.UniqueConstraint("person_id", name=op.f("uq_teacher_person_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "import_row",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="as Excel counts"),
        sa.Column("state", sa.String(length=8), nullable=False, comment="good, bad, taken (a record), or started (and its process)"),
        sa.Column("cells", sa.JSON(), nullable=False, comment="all of the file's columns, as text"),
        sa.Column("problems", sa.JSON(none_as_null=True), nullable=True, comment="[field, reason]; null: none"),
        sa.Column("record_id", sa.Integer(), nullable=True, comment="id of the record made of it"),
        sa.ForeignKeyConstraint(["import_id"], ["import_record.id"], name=op.f("fk_import_row_import_id")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_row")),
    )
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.create_index("ix_import_row_state", ["import_id", "state", "number"], unique=False)

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first_nonce", sa.String(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("first_nonce")
    op.drop_table("import_row")
    op.drop_table("teacher")
    op.drop_table("import_record")
