"""Hosts of Salesforce that people paste and that cannot log anybody in, each with the right one.

The Lightning and Setup hosts are documented as no OAuth hosts (Salesforce CLI guide);
the host names follow `System.DomainCreator` (Apex reference); which My Domain belongs to an older
form is inferred from the name alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """A host that is Salesforce's, and no login host."""

    what: str
    host: str = ""
    """The right origin; empty when the name does not tell it."""


@dataclass(frozen=True, slots=True)
class _Form:
    pattern: re.Pattern[str]
    what: str
    site: bool = False


_ORG = r"(?P<org>[a-z0-9][a-z0-9-]*?)"
_PART = r"(?:\.(?P<part>[a-z]+))?"
_INSTANCE = r"(?:na|eu|ap|cs|um|gs|[a-z]{3})\d+s?"


def _form(pattern: str, what: str, *, site: bool = False) -> _Form:
    return _Form(re.compile(pattern), what, site)


_FORMS = (
    _form(rf"{_INSTANCE}(?:\.(?:lightning|visual|content)\.force|(?:-api)?\.salesforce)\.com",
          "it is a retired instance host, which names no org"),
    _form(rf"{_ORG}{_PART}\.lightning\.force\.com", "it is where the Lightning pages live"),
    _form(rf"{_ORG}{_PART}\.my\.salesforce-setup\.com", "it is where the Setup pages live"),
    _form(rf"{_ORG}{_PART}\.salesforce-setup\.com", "it is where the Setup pages live"),
    _form(rf"{_ORG}(?:--[a-z0-9_]+)?{_PART}\.vf\.force\.com", "it is where Visualforce pages live"),
    _form(rf"{_ORG}(?:--[a-z0-9_]+)?(?:\.{_INSTANCE})?\.visual(?:\.force|force)\.com",
          "it is where Visualforce pages live"),
    _form(rf"{_ORG}(?:--c)?{_PART}\.(?:(?:file|content)\.force|documentforce)\.com",
          "it is where files live"),
    _form(rf"{_ORG}\.{_INSTANCE}\.my\.salesforce\.com",
          "it names an instance, and orgs are no longer reached that way"),
    _form(rf"{_ORG}(?:\.{_INSTANCE})?\.force\.com",
          "it is an older form of an Experience Cloud site", site=True),
    _form(r"(?P<org>[a-z0-9][a-z0-9-]*)", "it is a name alone"),
)  # fmt: skip


def right_host(host: str) -> Known | None:
    """What a host of Salesforce is for, and the login host of the same org; None for strangers."""
    for form in _FORMS:
        if found := form.pattern.fullmatch(host):
            return Known(form.what, _origin(found.groupdict(), site=form.site))
    return None


def _origin(names: dict[str, str | None], *, site: bool) -> str:
    org, part = names.get("org"), names.get("part")
    if not org or re.fullmatch(_INSTANCE, org):
        return ""
    # `acme--uat` is a sandbox of acme; since enhanced domains its hosts bear the word `sandbox`.
    part = part or ("sandbox" if "--" in org else None)
    place = f"{org}.{part}" if part else org
    return f"https://{place}.my.{'site' if site else 'salesforce'}.com"
