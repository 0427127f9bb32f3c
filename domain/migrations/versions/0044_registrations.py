"""报考、报考科目、排考明细"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False, comment="the school"),
        sa.Column("candidate_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True, comment="null: for all subjects of the certificate"),
        sa.Column("audience", sa.String(length=10), nullable=True, comment="参考对象; null where no subject asks for it"),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("pinyin", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=12), nullable=False),
        sa.Column("id_number", sa.String(length=30), nullable=False),
        sa.Column("mobile", sa.String(length=11), nullable=False),
        sa.Column("major", sa.String(length=60), nullable=True),
        sa.Column("level", sa.String(length=4), nullable=True),
        sa.Column("photo", sa.String(length=64), nullable=True, comment="SHA-256 of the stored JPEG"),
        sa.Column("fee", sa.Numeric(precision=8, scale=2), nullable=False, comment="yuan, as the plan asked then"),
        sa.Column("paid", sa.Boolean(), nullable=False, comment="已缴费: the slip was confirmed"),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_exam_registration_candidate_id")),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_exam_registration_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_exam_registration_party_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_registration_plan_id")),
        sa.ForeignKeyConstraint(
            ["plan_id", "certificate_id"],
            ["exam_plan_certificate.plan_id", "exam_plan_certificate.certificate_id"],
            name=op.f("fk_exam_registration_plan_id_certificate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "party_id"],
            ["exam_plan_school.plan_id", "exam_plan_school.party_id"],
            name=op.f("fk_exam_registration_plan_id_party_id"),
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["exam_subject.id"], name=op.f("fk_exam_registration_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_registration")),
        sqlite_autoincrement=True,
    )
    of_certificate, of_subject = sa.text("subject_id IS NULL"), sa.text("subject_id IS NOT NULL")
    op.create_index(
        "uq_exam_registration_certificate",
        "exam_registration",
        ["plan_id", "certificate_id", "document", "id_number"],
        unique=True,
        sqlite_where=of_certificate,
        postgresql_where=of_certificate,
    )
    op.create_index(
        "uq_exam_registration_subject",
        "exam_registration",
        ["plan_id", "certificate_id", "document", "id_number", "subject_id"],
        unique=True,
        sqlite_where=of_subject,
        postgresql_where=of_subject,
    )
    for columns in (["party_id", "id"], ["plan_id", "id"], ["candidate_id"], ["id_number"], ["photo"]):
        op.create_index(f"ix_exam_registration_{'_'.join(columns)}", "exam_registration", columns, unique=False)
    op.create_table(
        "exam_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_entry_plan_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_exam_entry_registration_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["exam_subject.id"], name=op.f("fk_exam_entry_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_entry")),
        sa.UniqueConstraint("registration_id", "subject_id", name=op.f("uq_exam_entry_registration_id_subject_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exam_entry_plan_id_subject_id", "exam_entry", ["plan_id", "subject_id"], unique=False)
    op.create_index(op.f("ix_exam_entry_subject_id"), "exam_entry", ["subject_id"], unique=False)
    op.create_table(
        "exam_seat",
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="座位号, from 1"),
        sa.Column("ticket", sa.String(length=20), nullable=True, comment="准考证号; null: not published yet"),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.CheckConstraint("number >= 1", name="ck_exam_seat_number"),
        sa.ForeignKeyConstraint(["entry_id"], ["exam_entry.id"], name=op.f("fk_exam_seat_entry_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_seat_plan_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_exam_seat_registration_id")),
        sa.ForeignKeyConstraint(["sitting_id"], ["exam_sitting.id"], name=op.f("fk_exam_seat_sitting_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_exam_seat")),
        sa.UniqueConstraint("registration_id", "sitting_id", name=op.f("uq_exam_seat_registration_id_sitting_id")),
        sa.UniqueConstraint("room_id", "sitting_id", "number", name=op.f("uq_exam_seat_room_id_sitting_id_number")),
    )
    op.create_index(op.f("ix_exam_seat_plan_id"), "exam_seat", ["plan_id"], unique=False)
    op.create_index(op.f("ix_exam_seat_sitting_id"), "exam_seat", ["sitting_id"], unique=False)


def downgrade() -> None:
    op.drop_table("exam_seat")
    op.drop_table("exam_entry")
    op.drop_table("exam_registration")
