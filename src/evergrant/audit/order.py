"""The order in which findings are told: worst first, then by file and line."""

from __future__ import annotations

from collections.abc import Iterable

from evergrant.audit.model import SEVERITIES, Finding

_RANK = {each: number for number, each in enumerate(SEVERITIES)}


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """All findings: failed before unknown, worst first, then by file, line and rule."""
    return tuple(sorted(findings, key=_key))


def _key(each: Finding) -> tuple[bool, int, str, int, str, str]:
    is_unknown = each.status == "unknown"
    return (is_unknown, _RANK[each.severity], each.file, each.line, each.code, each.name)
