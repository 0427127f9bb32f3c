"""What service tasks may call: one visible registry."""

from __future__ import annotations

from domain.handling import External, Handler, Inline
from handlers import reports, sms

HANDLERS: dict[str, Handler] = {
    "sms.notify": External(sms.prepare, sms.call, needs=("role", "text")),
    "report.delete": Inline(reports.delete),
}
