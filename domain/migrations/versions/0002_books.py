"""organizations, schools, certificates, standards, majors"""

import sqlalchemy as sa
from alembic import op

from domain.ground.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "major",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("edition", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_major")),
        sa.UniqueConstraint("edition", "level", "code", name=op.f("uq_major_edition_level_code")),
    )
    op.create_table(
        "record_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=160), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_change")),
    )
    with op.batch_alter_table("record_change", schema=None) as batch_op:
        batch_op.create_index("ix_record_change_record", ["kind", "record_id"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("grade", sa.String(length=4), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("fee", sa.Numeric(precision=8, scale=2), nullable=True),
        sa.Column("ground", sa.String(length=2), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_certificate_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("name", "grade", name=op.f("uq_certificate_name_grade")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_party_id"), ["party_id"], unique=False)

    op.create_table(
        "organization",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("nature", sa.String(length=10), nullable=False),
        sa.Column("province", sa.String(length=20), nullable=False),
        sa.Column("city", sa.String(length=20), nullable=False),
        sa.Column("contact", sa.String(length=30), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=100), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["party.id"], name=op.f("fk_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("code", name=op.f("uq_organization_code")),
    )
    op.create_table(
        "school",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("province", sa.String(length=20), nullable=False),
        sa.Column("city", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=30), nullable=False),
        sa.Column("mobile", sa.String(length=11), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["party.id"], name=op.f("fk_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school")),
        sa.UniqueConstraint("code", name=op.f("uq_school_code")),
    )
    op.create_table(
        "skill_standard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("requirements", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_skill_standard_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_standard")),
    )
    with op.batch_alter_table("skill_standard", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_skill_standard_party_id"), ["party_id"], unique=False)

    op.create_table(
        "certificate_lead",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("mobile", sa.String(length=11), nullable=False),
        sa.Column("email", sa.String(length=100), nullable=False),
        sa.Column("post", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_lead_certificate_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_certificate_lead_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_lead")),
        sa.UniqueConstraint("school_id", "certificate_id", name=op.f("uq_certificate_lead_school_id_certificate_id")),
    )
    op.create_table(
        "certificate_major",
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("major_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_major_certificate_id")),
        sa.ForeignKeyConstraint(["major_id"], ["major.id"], name=op.f("fk_certificate_major_major_id")),
        sa.PrimaryKeyConstraint("certificate_id", "major_id", name=op.f("pk_certificate_major")),
    )
    with op.batch_alter_table("certificate_major", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_major_major_id"), ["major_id"], unique=False)

    op.create_table(
        "pilot_certificate",
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_pilot_certificate_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_pilot_certificate_party_id")),
        sa.PrimaryKeyConstraint("party_id", "certificate_id", name=op.f("pk_pilot_certificate")),
    )
    with op.batch_alter_table("pilot_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pilot_certificate_certificate_id"), ["certificate_id"], unique=False)

    op.create_table(
        "site_standard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("equipment", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_site_standard_certificate_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_site_standard_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_standard")),
        sa.UniqueConstraint("certificate_id", "version", name=op.f("uq_site_standard_certificate_id_version")),
    )
    with op.batch_alter_table("site_standard", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_standard_party_id"), ["party_id"], unique=False)

    op.create_table(
        "skill_standard_certificate",
        sa.Column("standard_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_skill_standard_certificate_certificate_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["skill_standard.id"], name=op.f("fk_skill_standard_certificate_standard_id")),
        sa.PrimaryKeyConstraint("standard_id", "certificate_id", name=op.f("pk_skill_standard_certificate")),
    )
    with op.batch_alter_table("skill_standard_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_skill_standard_certificate_certificate_id"), ["certificate_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("skill_standard_certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_skill_standard_certificate_certificate_id"))

    op.drop_table("skill_standard_certificate")
    with op.batch_alter_table("site_standard", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_standard_party_id"))

    op.drop_table("site_standard")
    with op.batch_alter_table("pilot_certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pilot_certificate_certificate_id"))

    op.drop_table("pilot_certificate")
    with op.batch_alter_table("certificate_major", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_major_major_id"))

    op.drop_table("certificate_major")
    op.drop_table("certificate_lead")
    with op.batch_alter_table("skill_standard", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_skill_standard_party_id"))

    op.drop_table("skill_standard")
    op.drop_table("school")
    op.drop_table("organization")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_party_id"))

    op.drop_table("certificate")
    with op.batch_alter_table("record_change", schema=None) as batch_op:
        batch_op.drop_index("ix_record_change_record")

    op.drop_table("record_change")
    op.drop_table("major")
