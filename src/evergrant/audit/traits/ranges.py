"""IP ranges: whether they restrict anything, whether anybody can come from them."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

WIDE = {4: 2 ** (32 - 16), 6: 2 ** (128 - 32)}
"""More addresses than a /16 (a /32 of IPv6) restrict nothing (SBS-AUTH-003; IPv6 is ours)."""
Range = tuple[str, str]
Address = IPv4Address | IPv6Address
_TEN = ip_network("10.0.0.0/8")
_PRIVATE = (_TEN, ip_network("172.16.0.0/12"), ip_network("192.168.0.0/16"), ip_network("fc00::/7"))
"""Networks of RFC 1918 and RFC 4193: Salesforce never sees a request come from them."""


def flawed(ranges: Iterable[Range]) -> str:
    """The ranges that restrict nothing or admit nobody, each with the reason."""
    told = ((start, end, _flaw(start, end)) for start, end in ranges)
    return ", ".join(f"{start}–{end} ({flaw})" for start, end, flaw in told if flaw)


def outside(addresses: Iterable[str], ranges: Iterable[Range]) -> str:
    """The addresses that lie in none of the ranges; empty where there are no ranges."""
    known = [each for each in (_bounds(*each) for each in ranges) if each]
    if not known:
        return ""
    return ", ".join(each for each in addresses if not _is_in_one(each, known))


def _is_in_one(address: str, ranges: list[tuple[Address, Address]]) -> bool:
    there = _address(address)
    if there is None:
        return True  # what is no address cannot be said to lie outside
    return any(
        first.version == there.version and int(first) <= int(there) <= int(last)
        for first, last in ranges
    )


def _flaw(start: str, end: str) -> str:
    bounds = _bounds(start, end)
    if bounds is None:
        return "no range of addresses"
    first, last = bounds
    if int(last) - int(first) + 1 > WIDE[first.version]:
        return f"{int(last) - int(first) + 1:,} addresses"
    if any(_holds(net, first) and _holds(net, last) for net in _PRIVATE):
        return "private addresses, from which nobody reaches Salesforce"
    return ""


def _holds(network: object, address: Address) -> bool:
    return isinstance(network, IPv4Network) is isinstance(address, IPv4Address) and (
        address in network  # type: ignore[operator]
    )


def _bounds(start: str, end: str) -> tuple[Address, Address] | None:
    first, last = _address(start), _address(end)
    if first is None or last is None or first.version != last.version or int(first) > int(last):
        return None
    return first, last


def _address(text: str) -> Address | None:
    try:
        return ip_address(text.strip())
    except ValueError:
        return None
