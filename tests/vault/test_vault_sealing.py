"""Seals: open for their row and key, shut for every other, and say which of the two it was."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.errors import OurBug, VaultTrouble
from evergrant.vault.kept import row_identity
from evergrant.vault.sealing import MasterKey, seal, unseal

KEY = MasterKey(b"k" * 32, "the test")
OTHER = MasterKey(b"o" * 32, "another test")
BLOB = seal(KEY, b"planted", "row 1")


@given(st.binary(max_size=300), st.text(max_size=60))
def test_what_was_sealed_for_a_row_opens_there(plaintext: bytes, identity: str) -> None:
    blob = seal(KEY, plaintext, identity)
    assert unseal(KEY, blob, identity) == plaintext
    assert len(plaintext) < 8 or plaintext not in blob


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_seal_opens_for_no_other_row(mine: str, theirs: str) -> None:
    if mine == theirs:
        return
    with pytest.raises(VaultTrouble, match="swapped or damaged"):
        unseal(KEY, seal(KEY, b"x", mine), theirs)


@given(st.integers(0, len(BLOB) - 1), st.integers(1, 255))
def test_no_byte_of_a_seal_can_be_changed(at: int, flip: int) -> None:
    changed = bytearray(BLOB)
    changed[at] ^= flip
    with pytest.raises(VaultTrouble):
        unseal(KEY, bytes(changed), "row 1")


@given(st.integers(0, len(BLOB) - 1))
def test_a_seal_that_was_cut_short_is_damaged(length: int) -> None:
    with pytest.raises(VaultTrouble, match="swapped or damaged"):
        unseal(KEY, BLOB[:length], "row 1")


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert len({seal(KEY, b"x", "row") for _ in range(20)}) == 20


def test_a_wrong_key_is_told_from_a_swapped_row_by_both_key_ids() -> None:
    with pytest.raises(VaultTrouble, match="master key is not the one") as met:
        unseal(OTHER, BLOB, "row 1")
    assert KEY.id in met.value.why
    assert OTHER.id in met.value.why
    assert "another test" in met.value.why


def test_a_master_key_is_not_shown_copied_or_pickled() -> None:
    assert repr(KEY) == str(KEY) == f"MasterKey({KEY.id})"
    assert KEY.raw.hex()[:8] not in f"{KEY!r} {KEY.id}"
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(OurBug):
            attempt(KEY)
    with pytest.raises(TypeError):
        json.dumps(KEY)


@given(st.lists(st.text(max_size=12) | st.integers(), max_size=6))
def test_the_identity_of_a_row_is_the_json_array_of_its_words(words: list[str | int]) -> None:
    assert row_identity(*words) == json.dumps(words, separators=(",", ":"))
