"""Record ids: form, suffix, sequence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.emulator.ids import Ids, is_id, to15, to18

_CHARS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_short = st.text(_CHARS, min_size=15, max_size=15)


def test_the_suffix_is_the_one_salesforce_gives() -> None:
    # REST API Developer Guide, Query: the locator of the example, and a published account id.
    assert to18("01gD0000002HU6K") == "01gD0000002HU6KIAW"
    assert to18("001D000000IRt53") == "001D000000IRt53IAD"


@given(_short)
def test_an_id_survives_the_way_to_eighteen_and_back(short: str) -> None:
    long = to18(short)
    assert is_id(long)
    assert to15(long) == short
    assert to18(long) == long


@given(_short, _short)
def test_two_ids_that_differ_in_case_alone_stay_apart_without_case(one: str, other: str) -> None:
    assert (to18(one).lower() == to18(other).lower()) == (one == other)


@given(_short)
def test_changing_the_case_of_a_long_id_breaks_its_suffix(short: str) -> None:
    flipped = short.swapcase()
    assert flipped == short or not is_id(flipped + to18(short)[15:])


@pytest.mark.parametrize("text", ["", "005", "005 00000000000", "0050000000000000", "ü" * 15])
def test_what_is_no_id_is_refused(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(ValueError, match="expected a Salesforce id"):
        to18(text)


def test_the_same_seed_gives_the_same_ids_and_another_seed_others() -> None:
    first, again, other = Ids(7), Ids(7), Ids(8)
    made = [first.new("005") for _ in range(20)]
    assert made == [again.new("005") for _ in range(20)]
    assert made[0] != other.new("005")


def test_ids_of_a_prefix_grow_and_never_repeat() -> None:
    ids = Ids("seed")
    made = [ids.new("0Ya") for _ in range(300)]
    assert made == sorted(set(made))
    assert all(is_id(each) and each.startswith("0Ya") for each in made)


def test_ids_go_on_where_a_snapshot_left_them() -> None:
    ids = Ids(7)
    ids.new("005")
    assert Ids(7, ids.counts).new("005") == ids.new("005")


def test_a_prefix_has_three_characters() -> None:
    with pytest.raises(ValueError, match="key prefix"):
        Ids(7).new("05")
