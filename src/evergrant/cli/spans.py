"""Spans of time as people type them."""

from __future__ import annotations

import re
from datetime import timedelta

import click

from evergrant.errors import BadInput

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span(_context: click.Context, _option: click.Parameter, text: str) -> timedelta | None:
    """`7d`, `12h` or `30m`; None for an empty one.  Raises `BadInput`."""
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,4})([mhd])", text.strip())
    if not found:
        raise BadInput(
            f"{text!r} is no span of time", next_step="give one such as 7d, 12h or 30m", whose="you"
        )
    return timedelta(**{UNITS[found[2]]: int(found[1])})
