"""Configuration: environment variables, read once into one frozen dataclass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

_TWO_NUMBERS = re.compile(r"[1-9]\d{0,7},[1-9]\d{0,7}")
STAND_IN = "http://127.0.0.1:8099"  # where `pilot sandbox` stands in for the outside systems
_FERNET = re.compile(r"[A-Za-z0-9_-]{43}=")  # 32 bytes in base64


class BadSetting(Exception):
    """A setting is missing or wrong."""


@dataclass(frozen=True)
class Budget:
    """How much of something one person, and all people of one party together, may have at a time."""

    person: int
    party: int


@dataclass(frozen=True)
class Budgets:
    """What `domain.platform.budgets` checks. Each is a variable of the environment, two numbers parted by a comma: `BUDGET_TASKS=20,60`."""

    tasks: Budget = Budget(20, 60)
    """`BUDGET_TASKS`: background tasks that wait or run."""
    imports: Budget = Budget(20, 60)
    """`BUDGET_IMPORTS`: imports that are neither taken in nor dropped."""
    uploads: Budget = Budget(200, 2000)
    """`BUDGET_UPLOADS`: files uploaded for forms that no record has taken yet."""
    upload_mb: Budget = Budget(500, 5000)
    """`BUDGET_UPLOAD_MB`: megabytes of these files, of the workbooks of open imports, and of the files that are kept for download."""
    results: Budget = Budget(50, 500)
    """`BUDGET_RESULTS`: files of exports, and of rows that failed, that are kept for download."""


@dataclass(frozen=True)
class Settings:
    """Everything that differs between installations."""

    home: Path
    """Folder of the data (`PILOT_HOME`, default `./.pilot`)."""
    database_url: str
    """`DATABASE_URL`; default SQLite under `home`."""
    redis_url: str
    """`REDIS_URL`; `make run` sets it to the embedded Valkey."""
    sms_url: str
    """`SMS_URL`: base address of the SMS gateway; `make run` sets it to the sandbox."""
    secret_key: str
    """`SECRET_KEY`: signs session cookies; at least 32 characters. `make run` makes one under `home`."""
    secure_cookies: bool
    """`SECURE_COOKIES=1` behind HTTPS."""
    port: int
    """`PORT` of the web server."""
    compare_url: str = STAND_IN
    """`COMPARE_URL`: base address of the comparison of photos; `make run` sets it to the sandbox."""
    seal_keys: tuple[str, ...] = ()
    """`SEAL_KEYS`: Fernet keys, the newest first; none: one kept under `home` (`domain.ground.vault`)."""
    proof_keys: tuple[str, ...] = ()
    """`PROOF_KEYS`: keys of the form of `SEAL_KEYS`, the newest first; none: one kept under `home` (`domain.ground.proofs`)."""
    proxies: int = 0
    """`TRUSTED_PROXIES`: how many reverse proxies stand before the web server, whose word on the client's address counts."""
    budgets: Budgets = Budgets()
    public_url: str = ""
    """`PUBLIC_URL`: where everybody reaches the pages, such as https://pilot.example; certificates have it in their QR code."""
    timestamp_url: str = ""
    """`TIMESTAMP_URL`: a time stamp authority (RFC 3161) for the seals of certificates; empty: they have no time stamp."""

    @property
    def address(self) -> str:
        """Where the pages are, without a slash at the end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads the settings.

    Raises:
        BadSetting: a value is missing or has the wrong form; the message names the variable.
    """
    home = Path(environment.get("PILOT_HOME") or ".pilot").resolve()
    port = environment.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise BadSetting(f"PORT 应为 1–65535 的整数，现为 {port!r}")
    secret = environment.get("SECRET_KEY") or _kept_secret(home)
    if len(secret) < 32:
        raise BadSetting("SECRET_KEY 至少需要 32 个字符（pilot run 会自动生成）")
    proxies = environment.get("TRUSTED_PROXIES") or "0"
    if not proxies.isdecimal() or int(proxies) > 9:
        raise BadSetting(f"TRUSTED_PROXIES 应为 0–9 的整数，现为 {proxies!r}")
    return Settings(
        home=home,
        database_url=environment.get("DATABASE_URL") or f"sqlite:///{home / 'pilot.sqlite3'}",
        redis_url=environment.get("REDIS_URL") or "redis://127.0.0.1:6379/0",
        sms_url=environment.get("SMS_URL") or STAND_IN,
        compare_url=environment.get("COMPARE_URL") or STAND_IN,
        secret_key=secret,
        secure_cookies=environment.get("SECURE_COOKIES") == "1",
        port=int(port),
        seal_keys=_keys(environment, "SEAL_KEYS"),
        proof_keys=_keys(environment, "PROOF_KEYS"),
        proxies=int(proxies),
        budgets=_budgets(environment),
        public_url=_address(environment, "PUBLIC_URL"),
        timestamp_url=_address(environment, "TIMESTAMP_URL"),
    )


def _budgets(environment: Mapping[str, str]) -> Budgets:
    found = {}
    for one in fields(Budgets):
        name = f"BUDGET_{one.name.upper()}"
        if text := environment.get(name):
            if not _TWO_NUMBERS.fullmatch(text):
                raise BadSetting(f"{name} 应为用逗号隔开的两个正整数（每人、每单位），例如 20,60，现为 {text!r}")
            found[one.name] = Budget(*map(int, text.split(",")))
    return Budgets(**found)


def _address(environment: Mapping[str, str], name: str) -> str:
    text = environment.get(name, "").strip().rstrip("/")
    if text and not text.startswith(("https://", "http://")):
        raise BadSetting(f"{name} 应以 https:// 或 http:// 开头，现为 {text!r}")
    return text


def _keys(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in environment.get(name, "").split(",") if key.strip())
    if not all(_FERNET.fullmatch(key) for key in keys):
        raise BadSetting(f"{name} 应为一个或几个 Fernet 密钥，用逗号隔开（pilot new-seal-key 生成一个）")
    return keys


def _kept_secret(home: Path) -> str:
    path = home / "secret_key"
    return path.read_text().strip() if path.exists() else ""
