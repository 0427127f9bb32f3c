"""What service tasks may call: one visible registry."""

from __future__ import annotations

from domain.handling import External, Handler, Inline
from handlers import accounts, reports, sms

HANDLERS: dict[str, Handler] = {
    "reports.remind": External(reports.prepare_reminder, reports.send_reminder, needs=("text",)),
    "sms.notify": External(sms.prepare, sms.call, needs=("role", "text")),
    "account.first_password": External(accounts.prepare, accounts.call, needs=("text",)),
    "report.delete": Inline(reports.delete),
}
