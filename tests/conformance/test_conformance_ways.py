"""Clients that npm and PyPI deliver cannot tell the emulator from Salesforce."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from client_ways import OWN_WORDS, SCRIPTED, WAYS, Setting
from evergrant.emulator import Emulator
from real_clients import Conversation

pytestmark = pytest.mark.conformance


@pytest.mark.parametrize(("client", "flow"), SCRIPTED)
def test_a_client_gets_in_and_shows_salesforces_words_when_it_does_not(
    client: str,
    flow: str,
    emulator: Emulator,
    client_named: Callable[[str], Conversation],
    tell: Callable[[str, str, str], None],
) -> None:
    way, setting = WAYS[flow], Setting(emulator, client_named(client))
    emulator.act("set_org", **way.org)
    emulator.act("set_app", app="orbit-sync", **way.app)
    assert way.ask(setting, flow, way.words(setting)) == {"done": {"rows": 1}}
    if way.subtype != "":
        assert setting.last_login() == {"status": "Success", "subtype": way.subtype}
    refused = way.ask(setting, flow, way.wrong(setting))["refused"]
    assert OWN_WORDS.get((client, flow), way.says) in refused["text"]
    tell(client, flow, refused["text"])


def test_jsforce_keeps_the_refresh_token_that_rotation_has_made_worthless(
    emulator: Emulator, client_named: Callable[[str], Conversation]
) -> None:
    setting, flow = Setting(emulator, client_named("jsforce")), "refresh with rotation"
    emulator.act("set_app", app="orbit-sync", rotation=True)
    answer = WAYS[flow].ask(setting, flow, WAYS[flow].words(setting))
    assert WAYS[flow].says in answer["refused"]["text"]
    tried = [each["outcome"] for each in emulator.trace() if each["flow"] == "refresh_token"]
    assert tried == ["issued", "refused"]
