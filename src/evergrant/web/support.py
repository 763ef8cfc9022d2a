"""Whom to ask when nothing helps: the vendor's contact, its hours, and a ticket, filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from evergrant.keeper import Case
from evergrant.log import mask
from evergrant.model import Integration
from evergrant.store.expectations import Expectations
from evergrant.web.branding import support_address
from evergrant.web.uploads import readable

SUBJECT, BODY = "{subject}", "{body}"
"""Where a contact's address takes the ticket: `https://help.example/new?title={subject}`."""
LONGEST: Final = 1500
"""Characters of a ticket: longer addresses are cut by browsers and mail programs."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The vendor's support."""

    told: str
    """The contact as the vendor wrote it."""
    address: str = ""
    """Where it is reached, with the ticket in it where the address takes one; '' for no address."""
    hours: str = ""


def contact_of(
    integration: Integration, expected: Expectations, case: Case | None = None
) -> Contact | None:
    """Whom to ask about a connection, or about nothing in particular; None where nobody said."""
    told = integration.support_contact.strip()
    if not told:
        return None
    return Contact(_plain(told), _address(integration, case), expected.support_hours)


def _plain(told: str) -> str:
    """The contact without the places for a ticket and what hangs on them."""
    return told.partition("?")[0] if SUBJECT in told or BODY in told else told


def _address(integration: Integration, case: Case | None) -> str:
    address = support_address(integration)
    subject, body = _ticket(integration, case)
    if SUBJECT in address or BODY in address:
        return address.replace(SUBJECT, quote(subject, safe="")).replace(BODY, quote(body, safe=""))
    if address.startswith("mailto:") and "?" not in address:
        return f"{address}?subject={quote(subject, safe='')}&body={quote(body, safe='')}"
    return address


def _ticket(integration: Integration, case: Case | None) -> tuple[str, str]:
    """Subject and text; ids and Salesforce's words, masked, and no credential."""
    if case is None:
        return f"{integration.name} in Salesforce", ""
    who, incident = case.connection.identity, case.incident
    lines = [
        ("Integration", integration.name),
        ("App in Salesforce", integration.app_label),
        ("Connection", f"{case.connection.name} ({case.connection.id})"),
        ("State", case.connection.state.value),
        ("Org ID", who.org_id if who else ""),
        ("User", who.username if who else ""),
        ("Incident", incident.id if incident else ""),
        ("Cause", incident.cause if incident else ""),
        ("Salesforce says", f"{incident.error} {incident.description}" if incident else ""),
    ]
    body = "\n".join(f"{name}: {readable(mask(value))}" for name, value in lines if value.strip())
    return readable(f"{integration.name}: {case.connection.name} is {case.connection.state}"), body[
        :LONGEST
    ]
