"""The licenses an org has: what a profile rests on, and what can be assigned beside it.

Salesforce Integration and Salesforce API Integration are the two that integrations are told to
take (org notes, 5.5); keys and status are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import objects, state

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

SALESFORCE: Final = "Salesforce"
_USER: Final = {SALESFORCE: "SFDC", "Salesforce Integration": "PID_Integration"}
_BESIDE: Final = {"SalesforceAPIIntegrationPsl": "Salesforce API Integration"}


def add(org: Org) -> None:
    """Give a new org its licenses."""
    for name, key in _USER.items():
        objects.insert(
            org.db, "UserLicense", Id=org.ids.new("100"), Name=name, MasterLabel=name,
            LicenseDefinitionKey=key, Status="Active",
        )  # fmt: skip
    for name, label in _BESIDE.items():
        objects.insert(
            org.db, "PermissionSetLicense", Id=org.ids.new("0PL"), DeveloperName=name,
            MasterLabel=label, Status="Active",
        )  # fmt: skip


def of(org: Org, name: str) -> str:
    """The id of a user license by its name; raises KeyError."""
    row = state.one(org.db, 'SELECT "Id" FROM "UserLicense" WHERE "Name" = ?', name)
    if row is None:
        raise KeyError(f"no user license is named {name}")
    return str(row["Id"])
