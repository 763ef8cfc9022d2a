"""The nouns: secrets that nobody sees by accident, ids of two lengths, and values as JSON."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.health import State
from evergrant.model import MASK, App, Credential, Fact, Identity, Secret, Unknown, as_json

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PLANTED = "planted-value"
SECRET = Secret(PLANTED)
CREDENTIAL = Credential(SECRET, "https://acme.my.salesforce.com", refresh_token=SECRET)

SHOWN: dict[str, Any] = {
    "repr": lambda it: repr(it),
    "str": lambda it: str(it),
    "f-string": lambda it: f"{it} {it!r} {it!s}",
    "wide f-string": lambda it: f"{it:>40}",
    "percent": lambda it: "%s %r" % (it, it),  # noqa: UP031 (the old way is what is tested)
    "format": lambda it: "{0} {0!r}".format(it),  # noqa: UP032 (the same)
    "json": lambda it: json.dumps(as_json(it), ensure_ascii=False),
    "json by default=str": lambda it: json.dumps([it], default=str, ensure_ascii=False),
    "inside containers": lambda it: repr({"a": [it], "b": (it, {it})}),
    "dataclass": lambda it: repr(App("key", it, it)),
    "exception": lambda it: repr(ValueError(it)),
    "pickle": lambda it: pickle.dumps(it).decode("latin-1"),
}


@pytest.mark.parametrize("way", sorted(SHOWN))
def test_a_secret_is_masked_however_it_is_shown(way: str) -> None:
    assert PLANTED not in SHOWN[way](SECRET)


@pytest.mark.parametrize("way", ["repr", "str", "f-string", "percent", "json", "exception"])
def test_a_credential_is_masked_however_it_is_shown(way: str) -> None:
    shown = SHOWN[way](CREDENTIAL)
    assert PLANTED not in shown
    assert "acme.my.salesforce.com" in shown


def test_a_logged_secret_is_masked_in_message_and_arguments(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("evergrant.test").info("got %s and %r in %s", SECRET, SECRET, CREDENTIAL)
    assert PLANTED not in caplog.text
    assert MASK in caplog.text


def test_only_reveal_opens_a_secret() -> None:
    assert SECRET.reveal() == PLANTED
    assert not hasattr(SECRET, "__dict__")
    with pytest.raises(TypeError):
        json.dumps(SECRET)
    with pytest.raises(TypeError):
        "".join([SECRET])  # type: ignore[list-item]


def test_a_copy_is_as_good_and_a_pickle_is_of_no_use() -> None:
    assert copy.copy(SECRET) == copy.deepcopy(SECRET) == SECRET
    assert copy.deepcopy(CREDENTIAL) == CREDENTIAL
    assert pickle.loads(pickle.dumps(SECRET)).reveal() == MASK


@given(st.text(), st.text())
def test_secrets_are_equal_when_what_they_hide_is(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert hash(Secret(one)) == hash(Secret(one))
    assert bool(Secret(one)) == bool(one)
    assert Secret(one) != one


@given(st.text(min_size=8))
def test_a_fingerprint_compares_and_tells_nothing(text: str) -> None:
    fingerprint = Secret(text).fingerprint
    assert fingerprint == Secret(text).fingerprint
    assert len(fingerprint) == 12
    assert text not in fingerprint


def test_ids_of_fifteen_and_eighteen_characters_are_the_same_id() -> None:
    long = Identity("00D5g00000ABCDEEA4", "0055g00000XYZABAA2", "ada@acme.example")
    short = Identity("00D5g00000ABCDE", "0055g00000XYZAB")
    assert long.same_as(short)
    assert not long.same_as(Identity("00D5g00000ABCDEEA4", "0055g00000XYZAC"))
    assert not long.same_as(Identity("00D5g00000ABCDe", "0055g00000XYZAB"))


def test_unknown_is_not_no() -> None:
    assert not Fact("app.pkce", Unknown("no access")).is_known
    assert Fact("app.pkce", False).is_known


def test_the_nouns_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        CREDENTIAL.instance_url = "https://evil.example"  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Sample:
    when: datetime
    state: State
    words: tuple[str, ...]
    hidden: Secret


def test_json_knows_every_noun() -> None:
    sample = Sample(NOW, State.ON_HOLD, ("a", "b"), SECRET)
    assert as_json({"sample": sample, 3: {None}, "why": Unknown("lost")}) == {
        "sample": {
            "when": "2026-11-22T09:00:00Z",
            "state": "on hold",
            "words": ["a", "b"],
            "hidden": MASK,
        },
        "3": [None],
        "why": {"reason": "lost", "next_step": ""},
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.builds(Secret, st.just(PLANTED)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(VALUES)
def test_whatever_is_made_json_can_be_written_and_hides_its_secrets(value: Any) -> None:
    assert PLANTED not in json.dumps(as_json(value))
