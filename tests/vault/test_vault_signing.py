"""Signed words: what was signed for one purpose comes back unchanged, and nothing else does."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from evergrant.vault.sealing import MasterKey
from evergrant.vault.signing import read_signed, sign

OURS, OTHERS = MasterKey(b"k" * 32, "a test"), MasterKey(b"o" * 32, "a test")
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
CLAIMS = st.dictionaries(st.text(max_size=8), VALUES, max_size=4)


@given(CLAIMS, st.text(max_size=20))
def test_what_was_signed_comes_back_unchanged(claims: dict[str, Any], purpose: str) -> None:
    assert read_signed(OURS, purpose, sign(OURS, purpose, claims)) == claims


@given(CLAIMS, st.text(max_size=20), st.text(max_size=20))
def test_a_word_for_one_purpose_is_worth_nothing_for_another(
    claims: dict[str, Any], purpose: str, another: str
) -> None:
    word = sign(OURS, purpose, claims)
    assert (read_signed(OURS, another, word) is None) == (purpose != another)
    assert read_signed(OTHERS, purpose, word) is None


@given(CLAIMS, st.data())
def test_no_changed_word_is_taken(claims: dict[str, Any], data: st.DataObject) -> None:
    word = sign(OURS, "link", claims)
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.characters())
    changed = word[:at] + letter + word[at + 1 :]
    assert (read_signed(OURS, "link", changed) is None) == (changed != word)


@given(st.text(st.characters(codec=None), max_size=300))
def test_no_text_of_anybodys_is_a_signed_word(text: str) -> None:
    assert read_signed(OURS, "link", text) is None
