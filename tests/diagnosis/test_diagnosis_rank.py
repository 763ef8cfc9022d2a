"""The posterior: silence is no evidence, unknown is not no, one event counts once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.catalog import load
from evergrant.diagnosis import NONE_PRIOR, posterior
from evergrant.diagnosis.likelihood import distribution, ratio
from evergrant.model import Fact, Unknown

CATALOG = load()
NAMES = [name for name, kind in CATALOG.facts.items() if kind.kind != "time"]
DEAD = Fact("token_reply.description", "expired access/refresh token", source="text")
GRANT = Fact("token_reply.error", "invalid_grant", source="text")


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """Any fact with any value of the vocabulary, or none of it."""
    kind = CATALOG.facts[draw(st.sampled_from(NAMES))]
    if kind.kind == "bool":
        return Fact(kind.name, draw(st.booleans()))
    if kind.kind == "number":
        return Fact(kind.name, draw(st.floats(min_value=0, max_value=1000)))
    return Fact(kind.name, draw(st.sampled_from([*kind.background, "what nobody knows"])))


@given(st.lists(facts(), max_size=8))
def test_the_shares_sum_to_one(known: list[Fact]) -> None:
    result = posterior(known, CATALOG)
    assert sum(result.shares.values()) + result.none_of_these == pytest.approx(1.0)


@given(st.lists(facts(), max_size=6), st.sampled_from(NAMES))
def test_unknown_is_not_no(known: list[Fact], name: str) -> None:
    looked_in_vain = [*known, Fact(name, Unknown("no permission"))]
    assert posterior(looked_in_vain, CATALOG).shares == posterior(known, CATALOG).shares


@given(st.lists(facts(), max_size=6), facts())
def test_the_same_fact_twice_counts_once(known: list[Fact], fact: Fact) -> None:
    once, twice = posterior([*known, fact], CATALOG), posterior([*known, fact, fact], CATALOG)
    assert twice.shares == once.shares


def test_facts_of_one_event_count_once() -> None:
    assert posterior([DEAD, GRANT], CATALOG).shares == posterior([DEAD], CATALOG).shares


def test_the_most_telling_fact_of_an_event_speaks_for_it() -> None:
    assert posterior([GRANT, DEAD], CATALOG).counted == (DEAD,)


def test_a_value_that_nobody_knows_yields_to_one_that_is_known() -> None:
    strange = Fact("token_reply.description", "what nobody ever read")
    assert posterior([strange, GRANT], CATALOG).counted == (GRANT,)


def test_with_nothing_known_the_priors_remain() -> None:
    result = posterior([], CATALOG)
    whole = sum(cause.prior for cause in CATALOG.causes.values()) + NONE_PRIOR
    assert result.shares["redirect-uri-mismatch"] == pytest.approx(0.04 / whole)
    assert result.none_of_these == pytest.approx(NONE_PRIOR / whole)


@pytest.mark.parametrize("cause", CATALOG.causes.values(), ids=lambda cause: cause.id)
def test_a_cause_has_a_distribution_over_every_fact(cause: object) -> None:
    found = CATALOG.causes[getattr(cause, "id", "")]
    for kind in CATALOG.facts.values():
        values = distribution(found, kind)
        assert sum(values.values()) == pytest.approx(1.0)
        assert all(share > 0 for share in values.values())


def test_a_fact_that_a_cause_does_not_mention_counts_at_background() -> None:
    cause, kind = CATALOG.causes["cors-not-enabled"], CATALOG.facts["user.frozen"]
    assert distribution(cause, kind)["true"] == kind.background["true"]
    assert ratio(cause, kind, "true") == 1.0


def test_known_but_different_shares_what_is_left_over() -> None:
    cause, kind = CATALOG.causes["user-locked-or-frozen"], CATALOG.facts["user.frozen"]
    assert distribution(cause, kind)["true"] == pytest.approx(0.8)
    assert distribution(cause, kind)["false"] == pytest.approx(0.2)


@given(st.lists(facts(), max_size=6))
def test_a_supporting_fact_never_lowers_the_odds_of_its_cause(known: list[Fact]) -> None:
    known = [fact for fact in known if fact.name != "user.frozen"]
    before = posterior(known, CATALOG)
    after = posterior([*known, Fact("user.frozen", True)], CATALOG)
    odds = "user-locked-or-frozen"
    assert after.shares[odds] / after.none_of_these >= before.shares[odds] / before.none_of_these


@given(st.lists(facts(), max_size=6))
def test_a_refuting_fact_never_raises_the_odds_of_its_cause(known: list[Fact]) -> None:
    known = [fact for fact in known if not fact.name.startswith("app.refresh_token")]
    before = posterior(known, CATALOG)
    after = posterior([*known, Fact("app.refresh_token_policy", "zero")], CATALOG)
    odds = "refresh-token-expired-by-policy"
    assert after.shares[odds] / after.none_of_these <= before.shares[odds] / before.none_of_these
