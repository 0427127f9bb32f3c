"""排考: rooms in sittings, seats, duties, 准考证号, and how an arranging came about"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # nothing has written seats before
    op.drop_table("exam_seat")
    op.create_table(
        "exam_room_sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_room_sitting_plan_id")),
        sa.ForeignKeyConstraint(["room_id"], ["exam_room.id"], name=op.f("fk_exam_room_sitting_room_id")),
        sa.ForeignKeyConstraint(["sitting_id"], ["exam_sitting.id"], name=op.f("fk_exam_room_sitting_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_room_sitting")),
        sa.UniqueConstraint("room_id", "sitting_id", name=op.f("uq_exam_room_sitting_room_id_sitting_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_exam_room_sitting_plan_id"), "exam_room_sitting", ["plan_id"])
    op.create_index(op.f("ix_exam_room_sitting_sitting_id"), "exam_room_sitting", ["sitting_id"])
    op.create_table(
        "exam_seat",
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="座位号, from 1"),
        sa.Column("published", sa.Boolean(), nullable=False, comment="where it is now; a seat that moves is not, until the next time"),
        sa.CheckConstraint("number >= 1", name="ck_exam_seat_number"),
        sa.ForeignKeyConstraint(["entry_id"], ["exam_entry.id"], name=op.f("fk_exam_seat_entry_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_seat_plan_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_exam_seat_registration_id")),
        sa.ForeignKeyConstraint(["room_id"], ["exam_room.id"], name=op.f("fk_exam_seat_room_id")),
        sa.ForeignKeyConstraint(
            ["room_id", "sitting_id"],
            ["exam_room_sitting.room_id", "exam_room_sitting.sitting_id"],
            name=op.f("fk_exam_seat_room_id_sitting_id"),
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["exam_sitting.id"], name=op.f("fk_exam_seat_sitting_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_exam_seat")),
        sa.UniqueConstraint("registration_id", "sitting_id", name=op.f("uq_exam_seat_registration_id_sitting_id")),
        sa.UniqueConstraint("room_id", "sitting_id", "number", name=op.f("uq_exam_seat_room_id_sitting_id_number")),
    )
    op.create_index(op.f("ix_exam_seat_plan_id"), "exam_seat", ["plan_id"])
    op.create_index(op.f("ix_exam_seat_sitting_id"), "exam_seat", ["sitting_id"])
    op.create_table(
        "exam_duty",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("invigilator_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["invigilator_id"], ["invigilator.id"], name=op.f("fk_exam_duty_invigilator_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_duty_plan_id")),
        sa.ForeignKeyConstraint(
            ["room_id", "sitting_id"],
            ["exam_room_sitting.room_id", "exam_room_sitting.sitting_id"],
            name=op.f("fk_exam_duty_room_id_sitting_id"),
        ),
        sa.PrimaryKeyConstraint("room_id", "sitting_id", "invigilator_id", name=op.f("pk_exam_duty")),
    )
    op.create_index(op.f("ix_exam_duty_invigilator_id"), "exam_duty", ["invigilator_id"])
    op.create_index("ix_exam_duty_plan_id_invigilator_id", "exam_duty", ["plan_id", "invigilator_id"])
    op.create_table(
        "exam_ticket",
        sa.Column("registration_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=15), nullable=False, comment="准考证号: year 2, plan 4, site 4, serial 5"),
        sa.ForeignKeyConstraint(["registration_id"], ["exam_registration.id"], name=op.f("fk_exam_ticket_registration_id")),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_exam_ticket")),
        sa.UniqueConstraint("number", name=op.f("uq_exam_ticket_number")),
    )
    op.create_table(
        "exam_arranging",
        sa.Column("plan_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="one more with each change of seats or duties"),
        sa.Column("arranged_at", UtcDateTime(timezone=True), nullable=True, comment="the last 自动编排"),
        sa.Column("report", sa.JSON(), nullable=False, comment="what the last 自动编排 told: sentences"),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_arranging_plan_id")),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_exam_arranging_published_by")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_exam_arranging")),
    )
    op.create_table(
        "exam_arranging_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("told", sa.String(length=300), nullable=False, comment="what was changed, in Chinese"),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False, comment="it can no longer be undone: published since, or itself undone"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_arranging_change_person_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_arranging_change_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_arranging_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_exam_arranging_change_plan_id"), "exam_arranging_change", ["plan_id"])
    op.create_table(
        "exam_seat_before",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=True, comment="null: had no seat"),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["exam_arranging_change.id"], name=op.f("fk_exam_seat_before_change_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["exam_entry.id"], name=op.f("fk_exam_seat_before_entry_id")),
        sa.PrimaryKeyConstraint("change_id", "entry_id", name=op.f("pk_exam_seat_before")),
    )
    op.create_index(op.f("ix_exam_seat_before_entry_id"), "exam_seat_before", ["entry_id"])
    op.create_table(
        "exam_duty_before",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("invigilator_id", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False, comment="whether the duty was there before"),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["exam_arranging_change.id"], name=op.f("fk_exam_duty_before_change_id")),
        sa.PrimaryKeyConstraint("change_id", "room_id", "sitting_id", "invigilator_id", name=op.f("pk_exam_duty_before")),
    )
    op.create_table(
        "exam_unplaced",
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("told", sa.String(length=300), nullable=False, comment="why, in Chinese, as the last 自动编排 found"),
        sa.ForeignKeyConstraint(["entry_id"], ["exam_entry.id"], name=op.f("fk_exam_unplaced_entry_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["exam_plan.id"], name=op.f("fk_exam_unplaced_plan_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_exam_unplaced")),
    )
    op.create_index(op.f("ix_exam_unplaced_plan_id"), "exam_unplaced", ["plan_id"])


def downgrade() -> None:
    for name in (
        "exam_unplaced",
        "exam_duty_before",
        "exam_seat_before",
        "exam_arranging_change",
        "exam_arranging",
        "exam_ticket",
        "exam_duty",
        "exam_seat",
        "exam_room_sitting",
    ):
        op.drop_table(name)
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
    op.create_index(op.f("ix_exam_seat_plan_id"), "exam_seat", ["plan_id"])
    op.create_index(op.f("ix_exam_seat_sitting_id"), "exam_seat", ["sitting_id"])
