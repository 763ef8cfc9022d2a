"""Rules that came into force, or ended, on a day; the org's policy names the days."""

from datetime import datetime
from typing import Final

from evergrant.emulator.policies import AppPolicy, OrgPolicy

DEFAULT_CLI: Final = "PlatformCLI"
"""The consumer key of the Salesforce CLI's own app (its source)."""


def has_come(day: str, at: datetime) -> bool:
    """Whether a day named as 2026-05-11 has begun (UTC)."""
    return at.date().isoformat() >= day


def is_held_to_partner_rules(app: AppPolicy, org: OrgPolicy, at: datetime) -> bool:
    """Whether PKCE and rotation are forced upon the app, whatever its own settings say."""
    return app.partner and has_come(org.partner_rules_begin, at)


def rotates(app: AppPolicy, org: OrgPolicy, at: datetime) -> bool:
    """Whether a refresh gives another refresh token."""
    return app.rotation or is_held_to_partner_rules(app, org, at)


def is_under_access_control(org: OrgPolicy, *, is_external: bool) -> bool:
    """Whether API Access Control binds this kind of user."""
    return org.api_access_control_external if is_external else org.api_access_control
