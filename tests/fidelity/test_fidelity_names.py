"""What is replaced before anything is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.errors import OurBug
from evergrant.fidelity import Recording, written
from evergrant.fidelity.names import Names
from evergrant.fidelity.observe import Seen

NAMES = Names.of({
    "host": "https://acme-dev.develop.my.salesforce.com",
    "org id": "00Dis0000001F9GEAU",
    "user name": "ada@acme.example",
    "org name": "Acme Manufacturing",
})  # fmt: skip


CLEANED = {
    "https://acme-dev.develop.my.salesforce.com/id/00Dis0000001F9GEAU/x": "<host>/id/<org id>/x",
    "of Acme Manufacturing by ada@acme.example": "of <org name> by <user name>",
    "hint=ada%40acme.example&org=Acme+Manufacturing": "hint=<user name>&org=<org name>",
    "rita@other.example": "<email>",
    "https://other.my.salesforce.com:8443/x": "<host>/x",
    "0YaIs00000000123AB": "<id>",
    "2026-11-22T09:00:00.000+0000 and 1763802000123": "<time> and <time>",
    "grant type not supported": "grant type not supported",
    "No such column 'AuthenticationServiceId'": "No such column 'AuthenticationServiceId'",
}


@pytest.mark.parametrize(("text", "clean"), CLEANED.items())
def test_names_stand_in_the_place_of_words(text: str, clean: str) -> None:
    assert NAMES.clean(text) == clean


@given(st.lists(st.sampled_from([word for word, _ in NAMES.known]) | st.text(max_size=20)))
def test_no_word_of_an_org_is_left(parts: list[str]) -> None:
    assert NAMES.found_in(NAMES.clean(" ".join(parts))) == []


def test_a_word_that_slipped_through_is_never_written() -> None:
    leak = Recording(
        datetime(2026, 11, 22, tzinfo=UTC), "0", "v66.0", "developer", "Developer Edition", (),
        None, {"limits": Seen({"said": "by ada@acme.example"})},
    )  # fmt: skip
    with pytest.raises(OurBug, match="<user name>") as raised:
        written(leak, [], NAMES)
    assert "ada" not in str(raised.value)


def test_names_show_no_word() -> None:
    assert "acme" not in repr(NAMES)
