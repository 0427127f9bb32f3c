"""电子签章: pictures and keys as people upload them and as attackers make them; which one signs; keys at rest."""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from cryptography import x509
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.demo.seals import demo_key, demo_picture, new_demo_seal
from domain.ground.settings import BadSetting, Settings, read_settings
from domain.ground.vault import FILE, open_vault
from domain.institutions.seal_keys import WRONG_PASSWORD, BadKey, read_key
from domain.institutions.seal_pictures import MOST, BadPicture, checked_picture
from domain.institutions.seals import (
    SEAL_OF,
    NotInTime,
    OrganizationSeal,
    SchoolSeal,
    new_seal,
    rotate_keys,
    seals_query,
    signing_key,
    valid_seal,
)
from jobs import confinement
from jobs.seals import read_key_apart
from processes import tables
from processes.monitor.verify import verify
from processes.steps import acting, starting
from tests.conftest import NOON, World
from tests.domain.institutions.pkcs12 import PASSWORD, certificate, endless, p12, picture
from tests.racing import race

pytestmark = pytest.mark.row("2.2.1")


def bomb(width: int, height: int) -> bytes:
    """A PNG whose head promises a picture of this size; small as a file."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1_000_000))), (b"IEND", b"")]
    parts = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "请选择"),
        (picture(kind="GIF", mode="P", colour=1), "不是 PNG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MOST), "超过 2 MB"),
        (b"\x89PNG\r\n\x1a\nnothing", "已损坏"),
        (picture()[:8] + picture()[:60][8:] + b"nothing", "已损坏"),
        (picture()[:-40], "已损坏"),  # cut off in the middle
        (picture(mode="RGB", colour=(255, 0, 0)), "没有透明背景"),
        (picture(colour=(255, 0, 0, 255)), "没有透明的部分"),  # an alpha channel that says nothing
        (picture(colour=(255, 0, 0, 0)), "全透明"),
        (picture(size=(99, 200)), "99×200"),
        (picture(size=(200, 2001)), "200×2001"),
        (bomb(60_000, 60_000), "60000×60000"),  # 14 GB if it were unpacked
        (bomb(2_000, 2_000), "已损坏"),  # promises more than it holds
    ],
)
def test_pictures_that_are_refused(content: bytes, said: str) -> None:
    with pytest.raises(BadPicture, match=said):
        checked_picture(content)


def test_what_a_picture_carries_besides_is_dropped() -> None:
    kept = checked_picture(picture() + b"<script>")
    assert b"<script>" not in kept
    with Image.open(BytesIO(kept)) as shown:
        assert (shown.size, shown.mode, shown.getpixel((9, 9))) == ((200, 200), "RGBA", (200, 0, 0, 120))
    assert checked_picture(demo_picture())


def usage(**given: bool) -> x509.KeyUsage:
    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
    plain = dict.fromkeys(("digital_signature", *names, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(**{**plain, **given})


@pytest.mark.parametrize(
    ("content", "password", "said"),
    [
        (b"", PASSWORD, "请选择"),
        (bytes(200_000), PASSWORD, "过大"),
        (b"not a key", PASSWORD, "密码不正确，或文件已损坏"),
        (p12()[:-9], PASSWORD, "密码不正确，或文件已损坏"),
        (p12(), "wrong", "密码不正确，或文件已损坏"),
        (p12(), "", "须设有密码"),
        (p12(password=None), PASSWORD, "须设有密码"),  # whoever has the file has the key
        (p12(key=rsa.generate_private_key(65537, 1024)), PASSWORD, "1024 位"),
        (p12(key=ec.generate_private_key(ec.SECP192R1())), PASSWORD, "192 位"),
        (p12(usage(key_encipherment=True)), PASSWORD, "密钥用途"),
        (p12(x509.BasicConstraints(True, None)), PASSWORD, "签发机构"),
        (p12(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])), PASSWORD, "网站"),
    ],
)
def test_keys_that_are_refused(content: bytes, password: str, said: str) -> None:
    with pytest.raises(BadKey, match=said) as refused:
        read_key(content, password)
    assert PASSWORD not in str(refused.value)


def test_a_key_of_another_certificate_and_a_file_without_a_key() -> None:
    one, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    sealed = BestAvailableEncryption(PASSWORD.encode())
    without = pkcs12.serialize_key_and_certificates(None, None, None, [certificate(one)], sealed)
    with pytest.raises(BadKey, match="没有私钥"):
        read_key(without, PASSWORD)
    with pytest.raises(ValueError, match="match"):  # the library itself makes none whose halves differ
        pkcs12.serialize_key_and_certificates(None, one, certificate(other), None, sealed)


def test_a_good_key_and_one_that_would_compute_for_years(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_key_apart(p12(usage(digital_signature=True)), PASSWORD)
    assert (found.subject, found.valid_to) == ("金陵职业技术学院", NOON + timedelta(days=364))
    assert b"PRIVATE KEY" in found.pem
    with pytest.raises(BadKey, match=WRONG_PASSWORD[:8]):
        read_key_apart(p12(), "wrong")
    monkeypatch.setattr(confinement, "WORK", {"seal key": replace(confinement.WORK["seal key"], seconds=1)})
    with pytest.raises(BadKey, match="无法打开"):  # killed by the limit of computing, or of waiting on a busy machine
        read_key_apart(endless(p12()), PASSWORD)


KEYS = {"school1": "seal", "organization1": "organization_seal"}  # account → the process of its seals
each_kind = pytest.mark.parametrize("account", list(KEYS))


def upload(world: World, account: str = "school1", days: int = 365) -> int:
    """Id of a new seal of this account's party, with its process."""
    runtime, actor = world.runtime, world.actor(account)
    key = replace(demo_key(actor.party_name, world.clock()), valid_to=world.clock() + timedelta(days=days))
    with runtime.database.writing() as session:
        seal = new_seal(session, SEAL_OF[actor.party_kind], actor, world.clock(), demo_picture(), key, open_vault(runtime.settings))
        starting.start(runtime.engine, session, actor, KEYS[account], seal)
        return seal.id


def signs(world: World, account: str = "school1") -> int | None:
    """Version of the seal with which a party signs now."""
    with world.runtime.database.reading() as session:
        found = valid_seal(session, world.actor(account).party_id, world.clock())
        return found.version if found is not None else None


@each_kind
def test_which_seal_signs(world: World, account: str) -> None:
    assert signs(world, account) is None
    upload(world, account, days=400)
    upload(world, account, days=40)
    assert {one: signs(world, one) for one in (*KEYS, "school2", "organization2", "province1")} == {
        **dict.fromkeys((*KEYS, "school2", "organization2", "province1")),
        account: 2,
    }
    world.clock.now = NOON + timedelta(days=40) - timedelta(seconds=1)
    assert signs(world, account) == 2
    world.clock.now += timedelta(seconds=1)  # to the second, though no timer has fired
    assert signs(world, account) == 1
    with world.runtime.database.writing() as session:
        instance = session.scalars(select(tables.instance.c.id).where(tables.instance.c.key == KEYS[account])).first() or 0
        acting.send(world.runtime.engine, session, world.actor(account), instance, "disable")
    assert signs(world, account) is None


def test_schools_and_organizations_see_their_own_seals_alone(world: World) -> None:
    both = [upload(world, account) for account in KEYS]
    assert len(set(both)) == 1  # of two tables: the same id names two seals
    accounts = ("school1", "school2", "organization1", "organization2", "province1", "operator")
    with world.runtime.database.reading() as session:
        seen = {
            (account, kind.__tablename__): session.scalars(seals_query(kind, world.actor(account))).first()
            for account in accounts
            for kind in SEAL_OF.values()
        }
        assert {name: seal.title() for name, seal in seen.items() if seal is not None} == {
            ("school1", "seal"): "金陵职业技术学院电子签章（第 1 版）",
            ("organization1", "organization_seal"): "华信培训评价中心电子签章（第 1 版）",
        }
        for account in KEYS:  # by their own keys too
            seal = valid_seal(session, world.actor(account).party_id, NOON)
            assert seal is not None
            _, (own,) = signing_key(seal, open_vault(world.runtime.settings))
            assert world.actor(account).party_name in own.subject.rfc4514_string()
        assert verify(world.runtime.engine, session) == []


@each_kind
def test_two_who_upload_at_once_get_one_version_after_the_other(world: World, account: str) -> None:
    actor, vault = world.actor(account), open_vault(world.runtime.settings)

    def first(session: Session) -> None:
        new_demo_seal(session, SEAL_OF[actor.party_kind], actor, NOON, vault)

    race(world, first, lambda: upload(world, account))
    with world.runtime.database.reading() as session:
        assert sorted(seal.version for seal in session.scalars(seals_query(SEAL_OF[actor.party_kind], actor))) == [1, 2]


@each_kind
def test_the_key_at_rest(world: World, account: str) -> None:
    seal_id = upload(world, account)
    settings = world.runtime.settings
    assert stat.S_IMODE((settings.home / FILE).stat().st_mode) == 0o600
    with world.runtime.database.reading() as session:
        seal = session.get_one(SEAL_OF[world.actor(account).party_kind], seal_id)
        assert b"PRIVATE" not in seal.key
        key, (own,) = signing_key(seal, open_vault(settings))
        assert key.public_key() == own.public_key()


def test_rotation(world: World) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings = world.runtime.settings
    before = open_vault(replace(settings, seal_keys=(old,)))
    with world.runtime.database.writing() as session:
        seals = (
            new_demo_seal(session, SchoolSeal, world.actor("school1"), NOON, before),
            new_demo_seal(session, OrganizationSeal, world.actor("organization1"), NOON, before),
        )
        for seal in seals:
            with pytest.raises(InvalidToken):
                signing_key(seal, open_vault(replace(settings, seal_keys=(new,))))
            assert signing_key(seal, open_vault(replace(settings, seal_keys=(new, old))))
        assert rotate_keys(session, open_vault(replace(settings, seal_keys=(new, old)))) == 2
        for seal in seals:
            assert signing_key(seal, open_vault(replace(settings, seal_keys=(new,))))


@each_kind
@pytest.mark.parametrize("first", ["rotation", "step"])
def test_rotation_and_a_step_on_the_seal_at_once_lose_nothing(world: World, first: str, account: str) -> None:
    seal_id = upload(world, account)
    settings, new = world.runtime.settings, Fernet.generate_key().decode()
    old = (settings.home / FILE).read_text().strip()
    with world.runtime.database.reading() as session:
        instance = session.scalars(select(tables.instance.c.id).where(tables.instance.c.key == KEYS[account])).one()

    def rotate(session: Session) -> None:
        rotate_keys(session, open_vault(replace(settings, seal_keys=(new, old))))

    def disable(session: Session) -> None:
        acting.send(world.runtime.engine, session, world.actor(account), instance, "disable")

    def second() -> None:
        with world.runtime.database.writing() as session:
            (disable if first == "rotation" else rotate)(session)

    race(world, rotate if first == "rotation" else disable, second)
    with world.runtime.database.reading() as session:
        seal = session.get_one(SEAL_OF[world.actor(account).party_kind], seal_id)
        assert signing_key(seal, open_vault(replace(settings, seal_keys=(new,))))
    assert signs(world, account) is None


def test_the_setting(settings: Settings) -> None:
    key = Fernet.generate_key().decode()
    given = {"PILOT_HOME": str(settings.home), "SECRET_KEY": "x" * 32}
    assert read_settings({**given, "SEAL_KEYS": f"{key}, {key}"}).seal_keys == (key, key)
    assert read_settings(given).seal_keys == ()
    with pytest.raises(BadSetting, match="SEAL_KEYS"):
        read_settings({**given, "SEAL_KEYS": "short"})


@each_kind
@pytest.mark.parametrize("days", [-1, 400])
def test_a_certificate_that_is_over_or_not_valid_yet(lite: World, days: int, account: str) -> None:
    actor = lite.actor(account)
    key = demo_key(actor.party_name, NOON - timedelta(days=400) if days < 0 else NOON + timedelta(days=days))
    with lite.runtime.database.writing() as session, pytest.raises(NotInTime, match=r"\d{4}-\d\d-\d\d"):
        new_seal(session, SEAL_OF[actor.party_kind], actor, NOON, demo_picture(), key, open_vault(lite.runtime.settings))
