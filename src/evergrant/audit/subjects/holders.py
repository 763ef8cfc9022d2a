"""Profiles and permission sets → subjects: what they let people do with apps.

They never show who may use an app (org-model 1.5).
"""

from __future__ import annotations

from evergrant.audit.model import Place, Subject, Trait
from evergrant.audit.source.xml import Document, Element
from evergrant.audit.subjects.around import Around
from evergrant.audit.traits import ranges
from evergrant.audit.traits.strangers import NOTHING_STRANGE

POWERS = {
    "CanApproveUninstalledApps": "Approve Uninstalled Connected Apps",
    "ManageRemoteAccess": "Manage Connected Apps",
    "ViewClientSecret": "View External Client App Consumer Secrets in Metadata",
}
"""Permissions by which apps come in or secrets go out, with Setup's labels (org-model 5.4)."""
_LICENCES = frozenset(
    {"Salesforce Integration", "Analytics Cloud Integration User", "CPQ Integration User"}
)
_ADMIN = frozenset({"admin", "system administrator"})
_USE_ANY = "UseAnyApiClient"


def private_key(file: str, line: int, project: str) -> Subject:
    """A file that holds a private key."""
    place = Place(file, line, 1)
    trait = Trait("file.private_key", True, place=place, quote="a private key begins here")
    traits = {**NOTHING_STRANGE, trait.name: trait}
    return Subject("file", file.rpartition("/")[2], project, place, traits)


def holder(document: Document, around: Around) -> Subject:
    """A profile or a permission set."""
    granted = _granted(document)
    is_profile = document.type == "Profile"
    room = "profile" if is_profile else "permission_set"
    traits = [_powers(f"{room}.app_powers", granted, document),
              _one(f"{room}.use_any_api_client", _USE_ANY, granted, document)]  # fmt: skip
    if is_profile:
        traits += _of_profile(document, granted)
    return Subject(
        "profile" if is_profile else "permission set", document.name, around.project,
        Place(document.file, document.root.line), {each.name: each for each in traits},
        {document.type: document.file},
    )  # fmt: skip


def _granted(document: Document) -> dict[str, Element]:
    """Permission → its element, of those that are granted."""
    held = document.by_path.get("userPermissions", ())
    return {each.child("name"): each for each in held if each.child("enabled").lower() == "true"}


def _powers(name: str, granted: dict[str, Element], document: Document) -> Trait:
    found = [each for each in POWERS if each in granted]
    place = document.place("userPermissions", granted[found[0]] if found else None)
    return Trait(name, ", ".join(POWERS[each] for each in found), "derived", place)


def _one(name: str, permission: str, granted: dict[str, Element], document: Document) -> Trait:
    element = granted.get(permission)
    return Trait(name, element is not None, place=document.place("userPermissions", element))


def _of_profile(document: Document, granted: dict[str, Element]) -> list[Trait]:
    held = document.by_path.get("loginIpRanges", ())
    pairs = [(each.child("startAddress"), each.child("endAddress")) for each in held]
    hours = document.by_path.get("loginHours", ())
    licence = document.text("userLicense")
    return [
        Trait("profile.integration", licence in _LICENCES or "ApiUserOnly" in granted, "derived",
              document.place("userLicense"), f"userLicense {licence}"),
        Trait("profile.ranges", tuple(f"{start}–{end}" for start, end in pairs), "derived",
              document.place("loginIpRanges")),
        Trait("profile.is_admin", document.name.lower() in _ADMIN, "derived"),
        Trait("profile.login_hours", any(each.children for each in hours), "derived",
              document.place("loginHours")),
        Trait("profile.flawed_ranges", ranges.flawed(pairs), "derived",
              document.place("loginIpRanges")),
    ]  # fmt: skip
