"""The operators of conditions: what holds, what does not, what is not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.catalog import condition
from evergrant.catalog.condition import Condition, Operator, band_of, keys_for, read
from evergrant.errors import BadInput
from evergrant.model import Unknown

BANDS = ("below 1", "from 1 to 5", "from 5")


@pytest.mark.parametrize(
    ("entry", "value", "expected"),
    [
        ({"is": "Restricted IP"}, "restricted  ip", True),
        ({"is": True}, True, True),
        ({"is": True}, False, False),
        ({"in": ["a", "b"]}, "B", True),
        ({"matches": "^ip"}, "IP restricted", True),
        ({"below": 5}, 4, True),
        ({"below": 5}, 5, False),
        ({"above": 5}, 5, True),
        ({"above": 5}, True, False),
        ({"present": True}, "x", True),
        ({"present": False}, "x", False),
    ],
)
def test_a_condition_holds_or_not(entry: dict[str, object], value: str, expected: bool) -> None:
    assert read(entry).holds(value) is expected


@pytest.mark.parametrize("entry", [{"is": "x"}, {"in": ["x"]}, {"matches": "x"}, {"below": 1}])
def test_unknown_is_neither_yes_nor_no(entry: dict[str, object]) -> None:
    assert read(entry).holds(Unknown("no permission")) is None


def test_only_present_speaks_of_what_is_not_known() -> None:
    assert read({"present": True}).holds(Unknown("no permission")) is False
    assert read({"present": False}).holds(Unknown("no permission")) is True


@pytest.mark.parametrize(
    "entry",
    [{}, {"is": "x", "in": ["x"]}, {"is": []}, {"in": []}, {"below": "x"}, {"below": True},
     {"matches": "("}, {"present": "yes"}],
)  # fmt: skip
def test_what_is_no_condition_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        read(entry)


@given(st.floats(min_value=0, max_value=1e6))
def test_a_number_lies_in_exactly_one_band(value: float) -> None:
    inside = [band for band in BANDS if band_of(value, [band])]
    assert [band_of(value, BANDS)] == inside


@given(st.sampled_from([1.0, 5.0]), st.floats(min_value=0, max_value=100))
def test_the_bands_of_a_condition_are_those_whose_numbers_meet_it(
    limit: float, value: float
) -> None:
    operators: tuple[Operator, ...] = ("below", "above")
    for operator in operators:
        wanted = Condition(operator, limit)
        assert (band_of(value, BANDS) in keys_for(wanted, BANDS)) is wanted.holds(value)


def test_a_condition_reads_aloud() -> None:
    assert str(read({"in": ["a", "b"]})) == "is a or b"
    assert str(read({"is": True})) == "is true"
    assert str(read({"above": 5})) == "above 5.0"
    assert condition.bounds("some words") is None
