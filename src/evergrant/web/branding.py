"""A vendor's name, colours and logo on pages for its customers, as the policy of pages allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from evergrant.model import Integration
from evergrant.store.branding import Branding

DARK, LIGHT = "#16181d", "#ffffff"
_VARIABLES: Final = {
    "accent": ("--eg-accent", "--eg-on-accent"),
    "ground": ("--eg-ground", "--eg-on-ground"),
}
"""Colour of a branding → variables of `links.css`: itself, and what is written on it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a page says of its vendor."""

    vendor: str
    app: str
    """The app's label, as Salesforce shows it."""
    has_logo: bool
    support: str
    """Address of the vendor's support, where one is known: https or mailto."""


def look_of(integration: Integration, brand: Branding) -> Look:
    """The vendor's own name, else the owner of the app that the customer knows."""
    vendor = brand.name or integration.app_owner or integration.name
    return Look(vendor, integration.app_label, bool(brand.logo), support_address(integration))


def support_address(integration: Integration) -> str:
    """Where the vendor's support is reached; '' for a contact that is no address."""
    contact = integration.support_contact.strip()
    if contact.startswith(("https://", "mailto:")):
        return contact
    return f"mailto:{contact}" if "@" in contact and " " not in contact else ""


def sheet(brand: Branding) -> str:
    """The colours as a style sheet: only what was validated goes in, and is readable on itself."""
    told = {"accent": brand.accent, "ground": brand.ground}
    rules = (
        f"{own}: {colour}; {on_it}: {readable_on(colour)};"
        for name, colour in told.items()
        if colour
        for own, on_it in (_VARIABLES[name],)
    )
    return f":root {{ {' '.join(rules)} }}\n"


def readable_on(colour: str) -> str:
    """Black or white, whichever contrasts more: at least 4.5 to 1 on any colour."""
    return max((DARK, LIGHT), key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb` (WCAG 2.2, 1.4.3)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
