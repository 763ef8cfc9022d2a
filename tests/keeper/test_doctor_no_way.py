"""Salesforce cannot be reached: two looks say so, and the doctor is certain."""

from __future__ import annotations

from evergrant import keeper as verbs
from evergrant.keeper import Means
from keeper_kit import Ground, ground_fixture, org_fixture  # noqa: F401 (fixtures)


def test_when_the_own_request_and_the_probe_both_fail_it_is_the_way_for_certain(
    ground: Ground,
) -> None:
    connection = ground.connected()
    ground.org._serving.stop()
    made = verbs.begin_examination(ground.keeper, connection_id=connection.id)
    seen = verbs.look_further(ground.keeper, made, Means())
    first = seen.diagnosis.first
    assert first is not None
    assert (first.cause, first.word, seen.status) == ("network-or-proxy-or-tls", "certain", "clear")
