"""Ranges of IP addresses, as the pages with lists of them read, add and remove them."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from evergrant.emulator.setup.desk import BadForm

if TYPE_CHECKING:
    from evergrant.emulator.policies import Range
    from evergrant.emulator.setup.desk import Form


def range_of(form: Form) -> Range:
    """A range of addresses of one kind, first not after last; raises BadForm."""
    start, end = form.get("start", "").strip(), form.get("end", "").strip()
    try:
        first, last = ip_address(start), ip_address(end)
    except ValueError as error:
        raise BadForm("give two IP addresses") from error
    if first.version != last.version or int(first) > int(last):
        raise BadForm("the end address must not come before the start address")
    return start, end


def with_range(ranges: tuple[Range, ...], form: Form) -> tuple[Range, ...]:
    """The list with the form's range at its end; raises BadForm where it stands there already."""
    one = range_of(form)
    if one in ranges:
        raise BadForm(f"{one[0]} to {one[1]} is on the list already")
    return (*ranges, one)


def without_range(ranges: tuple[Range, ...], form: Form) -> tuple[Range, ...]:
    """The list without the form's range, which need not be there."""
    gone = (form.get("start", ""), form.get("end", ""))
    return tuple(one for one in ranges if one != gone)
