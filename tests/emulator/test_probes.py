"""It must say no (F1): what lenient doubles let pass is refused word for word, by its channel."""

import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator, state
from probes import PROBES, Probe, heard, now_s, registered_key


def statuses(emulator: Emulator) -> list[str]:
    """The Status of every Login History row, in the order they were written."""
    rows = state.every(emulator.org.db, 'SELECT "Status" FROM "LoginHistory" ORDER BY rowid')
    return [row["Status"] for row in rows]


@pytest.mark.parametrize("probe", PROBES, ids=[each.id for each in PROBES])
def test_a_probe_is_refused_word_for_word_and_leaves_its_row(
    client_for: ClientFor, emulator: Emulator, probe: Probe
) -> None:
    before = len(statuses(emulator))
    assert heard(probe.send(client_for(probe.app))) == probe.said
    refused = [each for each in statuses(emulator)[before:] if each != "Success"]
    assert refused == ([] if probe.log is None else [probe.log])
    assert emulator.trace()[-1]["outcome"] == "refused"


def test_the_probes_stand_apart() -> None:
    assert len({each.id for each in PROBES}) == len(PROBES)


@pytest.mark.parametrize("form", [int, str])
@pytest.mark.parametrize(("ahead_s", "unit"), [(120, 1), (120, 1000), (-600, 1000)])
def test_an_end_ahead_is_taken_as_number_or_text_and_milliseconds_are_always_far_ahead(
    client_for: ClientFor, form: type, ahead_s: int, unit: int
) -> None:
    """Milliseconds read as seconds lie some 55,000 years ahead: the inference of section 2.4."""
    client = client_for("orbit-jwt")
    claims = {"exp": form((now_s(client) + ahead_s) * unit)}
    answer = client.jwt_bearer(client.assertion(registered_key(client), **claims))
    assert answer.status_code == 200, answer.text


def without_secret(client: Client) -> int:
    client.emulator.act("set_app", app="orbit-sync", secret_optional=True, secret_for_refresh=False)
    client.credential = client.redeem(client.code(), client_secret="").json()
    return client.refresh(client_secret="").status_code


def test_a_missing_secret_is_taken_where_the_app_asks_for_none(client_for: ClientFor) -> None:
    assert without_secret(client_for()) == 200
