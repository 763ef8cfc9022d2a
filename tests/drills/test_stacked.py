"""Faults one behind another: the first gate is named, mended, then the next, until it is proven."""

from __future__ import annotations

import pytest

from evergrant.drills import drill
from evergrant.errors import BadInput, NotFound

PAIRS = (
    ("app-blocked-by-admin", "user-not-preauthorized"),
    ("app-uninstalled-restricted", "ip-restricted"),
    ("refresh-token-rotated-or-reused", "user-locked-or-frozen"),
)
"""In the order in which Salesforce's gates come."""


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_an_admins_look_names_the_gates_in_salesforces_order_until_access_is_proven(
    pair: tuple[str, str],
) -> None:
    rows = drill("+".join(pair))
    assert [(row.reproduced, row.fixed, row.proven) for row in rows] == [(True,) * 3] * 6
    assert [row.first for row in rows if row.level == "admin"] == list(pair)


def test_the_order_in_which_gates_were_closed_does_not_matter() -> None:
    first, second = PAIRS[0]
    rows = drill(f"{second}+{first}")
    assert [row.cause for row in rows if row.level == "admin"] == [first, second]
    assert all(row.reproduced and row.fixed and row.proven for row in rows)


@pytest.mark.parametrize(
    "names",
    [
        "app-blocked-by-admin+app-blocked-by-admin",
        "app-blocked-by-admin+wrong-consumer-secret",
        "app-blocked-by-admin+jwt-audience-wrong",
    ],
)
def test_what_cannot_stand_behind_one_another_is_refused(names: str) -> None:
    with pytest.raises(BadInput, match="cannot be stacked"):
        drill(names)


def test_a_stack_with_an_unknown_scenario_is_not_found() -> None:
    with pytest.raises(NotFound, match="no scenario is called 'sunspots'"):
        drill("app-blocked-by-admin+sunspots")
