"""考核站点分配, 考场"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_allotment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False, comment="the school that registers"),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_exam_allotment_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_exam_allotment_party_id")),
        sa.ForeignKeyConstraint(
            ["plan_id", "certificate_id"],
            ["exam_plan_certificate.plan_id", "exam_plan_certificate.certificate_id"],
            name=op.f("fk_exam_allotment_plan_id_certificate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "party_id"],
            ["exam_plan_school.plan_id", "exam_plan_school.party_id"],
            name=op.f("fk_exam_allotment_plan_id_party_id"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_allotment_plan_id")),
        sa.ForeignKeyConstraint(["site_id"], ["exam_site.id"], name=op.f("fk_exam_allotment_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_allotment")),
        sa.UniqueConstraint("plan_id", "party_id", "certificate_id", name=op.f("uq_exam_allotment_plan_id_party_id_certificate_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exam_allotment_party_id_id", "exam_allotment", ["party_id", "id"], unique=False)
    op.create_index(op.f("ix_exam_allotment_site_id"), "exam_allotment", ["site_id"], unique=False)
    op.create_table(
        "exam_room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False, comment="the school of the site"),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("room_type", sa.String(length=20), nullable=False, comment="考场类型, that of its subjects"),
        sa.Column("places", sa.Integer(), nullable=False, comment="考位数"),
        sa.Column("building", sa.String(length=100), nullable=True, comment="地点"),
        sa.Column("door", sa.String(length=30), nullable=True, comment="门牌号"),
        sa.Column("invigilators", sa.Integer(), nullable=False, comment="how many it needs"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("places >= 1", name="ck_exam_room_places"),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_exam_room_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_exam_room_party_id")),
        sa.ForeignKeyConstraint(
            ["plan_id", "certificate_id"],
            ["exam_plan_certificate.plan_id", "exam_plan_certificate.certificate_id"],
            name=op.f("fk_exam_room_plan_id_certificate_id"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_room_plan_id")),
        sa.ForeignKeyConstraint(["site_id"], ["exam_site.id"], name=op.f("fk_exam_room_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_room")),
        sa.UniqueConstraint("plan_id", "site_id", "certificate_id", "name", name=op.f("uq_exam_room_plan_id_site_id_certificate_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exam_room_party_id_id", "exam_room", ["party_id", "id"], unique=False)
    op.create_index(op.f("ix_exam_room_site_id"), "exam_room", ["site_id"], unique=False)
    op.create_table(
        "exam_room_subject",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["exam_room.id"], name=op.f("fk_exam_room_subject_room_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["exam_subject.id"], name=op.f("fk_exam_room_subject_subject_id")),
        sa.PrimaryKeyConstraint("room_id", "subject_id", name=op.f("pk_exam_room_subject")),
    )
    op.create_index(op.f("ix_exam_room_subject_subject_id"), "exam_room_subject", ["subject_id"], unique=False)


def downgrade() -> None:
    op.drop_table("exam_room_subject")
    op.drop_table("exam_room")
    op.drop_table("exam_allotment")
