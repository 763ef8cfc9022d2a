"""The walk past the gates: which refuses, which would refuse next, and what nobody looked at."""

from __future__ import annotations

from evergrant.catalog import load
from evergrant.diagnosis.gates import next_gate, walk
from evergrant.model import Fact, Unknown

CATALOG = load()
BLOCKED = CATALOG.causes["app-blocked-by-admin"]
ORDER = [gate.id for gate in CATALOG.gates.values()]


def seen(name: str, value: bool | str | Unknown) -> Fact:
    return Fact(name, value, source="live_org", quote=f"{name} {value}")


def gates(*facts: Fact) -> dict[str, str]:
    passages = walk(BLOCKED, BLOCKED.next_gate, facts, CATALOG)
    return {each.gate: each.how for each in passages}


def test_without_a_cause_there_is_no_walk() -> None:
    assert walk(None, "", [seen("user.active", False)], CATALOG) == ()


def test_the_gate_of_the_first_cause_refuses_and_the_next_is_told_though_nobody_looked() -> None:
    assert gates() == {"app_blocked": "refuses", BLOCKED.next_gate: "not known"}


def test_a_setting_whose_repair_is_undone_shuts_its_gate_and_says_what_shows_it() -> None:
    passages = walk(BLOCKED, BLOCKED.next_gate, [seen("user.active", False)], CATALOG)
    shut = next(each for each in passages if each.how == "will refuse")
    assert (shut.gate, shut.cause, shut.quote) == (
        "user_active",
        "user-inactive",
        "user.active False",
    )


def test_a_setting_that_is_as_it_must_be_opens_its_gate() -> None:
    assert gates(seen("user.active", True))["user_active"] == "open"


def test_what_could_not_be_looked_at_opens_nothing_and_shuts_nothing() -> None:
    assert "user_active" not in gates(seen("user.active", Unknown("no permission")))


def test_a_list_that_is_not_asked_shuts_no_gate() -> None:
    off_list = seen("user.preauthorized", False)
    only_approved = seen("app.admin_approved_only", True)
    assert gates(off_list, only_approved)["permitted_users"] == "will refuse"
    anybody = seen("app.admin_approved_only", False)
    assert gates(off_list, anybody)["permitted_users"] == "open"


def test_gates_of_other_flows_are_not_walked_past() -> None:
    run_as = seen("app.run_as_user", False)
    assert "run_as_user" in gates(run_as)
    assert "run_as_user" not in gates(run_as, Fact("request.flow", "jwt_bearer"))


def test_what_happened_is_no_setting() -> None:
    row = Fact("login_history.status", "user is frozen", source="live_org")
    assert gates(row) == gates()


def test_the_walk_follows_salesforces_order_and_the_first_shut_gate_is_next() -> None:
    facts = [
        seen("app.admin_approved_only", True),
        seen("user.preauthorized", False),
        seen("user.active", False),
    ]
    walked = list(gates(*facts))
    assert walked == sorted(walked, key=ORDER.index)
    assert next_gate(BLOCKED, facts, CATALOG) == "user_active"


def test_a_gate_that_the_org_shows_shut_comes_before_a_cause_that_nothing_shows() -> None:
    expired = CATALOG.causes["session-expired"]
    shut = [seen("app.admin_approved_only", True), seen("user.preauthorized", False)]
    passages = walk(expired, "", shut, CATALOG)
    assert (passages[0].gate, passages[0].how) == ("permitted_users", "refuses")
    own = next(each for each in passages if each.gate == expired.gate)
    assert (own.how, own.cause) == ("not known", "session-expired")
