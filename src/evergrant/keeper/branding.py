"""How a vendor's customers see an integration: its name, its colours and its logo, validated."""

from __future__ import annotations

import re
from dataclasses import replace

from evergrant.errors import BadInput
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.store import branding
from evergrant.store.branding import Branding

LONGEST_NAME = 60
MOST_LOGO = 100_000
"""Bytes of a logo."""
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_KINDS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF....WEBP", re.S), "image/webp"),
)
"""How a file begins → its media type.  No SVG: it is a document that may carry script."""


def brand(
    keeper: Keeper,
    integration: str,
    *,
    name: str | None = None,
    accent: str | None = None,
    ground: str | None = None,
    logo: bytes | None = None,
) -> Branding:
    """Change how an integration's pages for customers look; None leaves a part as it is.

    `accent` and `ground` are `#rrggbb`; '' takes a part away, as `b""` does the logo.  Raises
    `NotFound` and `BadInput`.
    """
    with keeper.writing() as tx:
        known = keeper.vault.integration(tx, integration)
        before = branding.of(tx, known.id)
        made = replace(
            before,
            name=before.name if name is None else _name(name.strip()),
            accent=before.accent if accent is None else _colour(accent.strip()),
            ground=before.ground if ground is None else _colour(ground.strip()),
        )
        if logo is not None:
            made = replace(made, logo=logo or None, logo_type=_kind_of(logo))
        branding.save(tx, made)
        did(keeper, tx, "branding changed", subject=known.id)
    return made


def branding_of(keeper: Keeper, integration: str) -> Branding:
    """How an integration's pages for customers look."""
    with keeper.reading() as tx:
        return branding.of(tx, integration)


def _name(text: str) -> str:
    if len(text) > LONGEST_NAME or _CONTROLS.search(text):
        raise BadInput(
            "the vendor's name cannot be shown",
            why=f"It is longer than {LONGEST_NAME} characters, or holds control characters.",
            next_step="give the name as customers know it",
        )
    return text


def _colour(text: str) -> str:
    found = text.lower()
    if found and not _COLOUR.fullmatch(found):
        raise BadInput(f"{text!r} is no colour", next_step="give one as #rrggbb, such as #0b5cab")
    return found


def _kind_of(logo: bytes) -> str:
    if not logo:
        return ""
    if len(logo) > MOST_LOGO:
        raise BadInput(
            f"the logo has {len(logo)} bytes", next_step=f"give one of at most {MOST_LOGO} bytes"
        )
    for beginning, kind in _KINDS:
        if beginning.match(logo):
            return kind
    raise BadInput("the logo is no PNG, JPEG or WebP", next_step="give it as one of these")
