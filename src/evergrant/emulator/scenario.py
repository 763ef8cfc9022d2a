"""Scenarios: how an integration is broken, what its client then does, and how it is healed.

A scenario is a TOML file in `scenarios/`; its name without the suffix is its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import tomli

from evergrant.emulator import acts, connected

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Doing = Literal[
    "connect", "refresh", "call", "authorize", "jwt_bearer", "client_credentials", "password",
    "soap_login", "device", "saml_bearer", "live_on",
]  # fmt: skip
Healing = Literal["reauthorize", "retry", "none", "fix"]
Phase = Literal["setup", "break", "heal"]

MUTATIONS: Final = {
    "wrong-key": "The client sends a consumer key with one character changed.",
    "wrong-secret": "The client sends a consumer secret that is not the app's.",
    "wrong-redirect": "The client sends a callback that the app has not registered.",
    "no-verifier": "The client sends a code challenge and later no code verifier.",
    "wrong-verifier": "The client sends a code verifier that does not match its challenge.",
    "reuse-code": "The client redeems the same authorization code a second time.",
    "late-code": "The client redeems the code sixteen minutes after it was given.",
    "wrong-audience": "The assertion's aud is the sandbox login host.",
    "expired-exp": "The assertion's exp is ten minutes past.",
    "wrong-private-key": "The assertion is signed with a key the app does not know.",
    "wrong-subject": "The assertion's sub is a username the org does not have.",
    "generic-host": "The request carries the Host header login.salesforce.com.",
    "replay-old-refresh-token": "The client refreshes, then refreshes with the token before.",
    "foreign-scope": "The client asks for a scope that the app does not have.",
    "person-denies": "The client asks for consent again, and the person presses Deny.",
    "wrong-issuer": "The assertion's iss is the app's label in place of its consumer key.",
    "wrong-password": "The client sends a password that is not the user's.",
    "no-security-token": "The client sends the password without the security token behind it.",
    "two-devices-at-once": "Two devices of one user sign in at the same time.",
    "ended-certificate": "The client goes on signing with a key whose certificate has ended.",
    "mangled-key": "The client cannot read its private key and sends the claims without signature.",
    "no-secret": "The client leaves out its consumer secret.",
    "misspelled-grant-type": "The client writes grant_type=refresh-token.",
    "refresh-twice-at-once": "The client sends the same refresh token twice at the same time.",
    "mangled-token": "The client sends a refresh token that its storage has changed.",
    "mangled-code": "The client encodes the authorization code a second time.",
    "no-challenge": "The client authorizes without a code challenge.",
    "immediate": "The client asks for an authorization without a person (immediate=true).",
    "scope-on-token": "The client sends a scope to the token endpoint.",
    "sandbox-host": "The request carries the Host header test.salesforce.com.",
    "no-bearer": "The client leaves the word Bearer out of the Authorization header.",
    "narrow-token": "The client calls with a token whose scopes do not reach the API.",
}
"""What can be wrong with a client, by name; drills and tests carry them out."""


@dataclass(frozen=True, slots=True)
class ClientStep:
    """One thing the client does, and how it is broken while doing it."""

    do: Doing
    mutation: str | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to break an integration, its truth and its repair."""

    id: str
    title: str
    cause: str
    gate: str
    """The gate that must refuse the client's last step."""
    app: str
    setup: tuple[dict[str, Any], ...]
    breaking: tuple[dict[str, Any], ...]
    client: tuple[ClientStep, ...]
    healing: tuple[dict[str, Any], ...]
    heal_client: Healing


class BadScenario(ValueError):
    """The scenario is unknown, or its file says something that cannot be."""


@cache
def scenarios() -> dict[str, Scenario]:
    """Every scenario by id, in order of id; raises BadScenario for a wrong file."""
    folder = files("evergrant.emulator") / "scenarios"
    texts = {each.name: each.read_text("utf-8") for each in folder.iterdir()}
    names = sorted(name for name in texts if name.endswith(".toml"))
    return {
        name.removesuffix(".toml"): read(name.removesuffix(".toml"), texts[name]) for name in names
    }


def find(id_: str) -> Scenario:
    """A scenario by id; raises BadScenario."""
    known = scenarios()
    if id_ not in known:
        raise BadScenario(f"no scenario is named {id_}; there are {', '.join(known)}")
    return known[id_]


def read(id_: str, text: str) -> Scenario:
    """A scenario from the text of its file; raises BadScenario."""
    try:
        words = tomli.loads(text)
        org, heal = words.get("org", {}), words["heal"]
        scenario = Scenario(
            id=id_, title=words["title"], cause=words["cause"], gate=words["gate"],
            app=words["app"], setup=tuple(org.get("setup", ())),
            breaking=tuple(org.get("break", ())),
            client=tuple(ClientStep(each["do"], each.get("with")) for each in words["client"]),
            healing=tuple(heal.get("org", ())), heal_client=heal["client"],
        )  # fmt: skip
    except (KeyError, TypeError, tomli.TOMLDecodeError) as error:
        raise BadScenario(f"{id_}: {error!r}") from error
    _check(scenario)
    return scenario


def _check(scenario: Scenario) -> None:
    strangers = [
        *(each["do"] for each in _all_acts(scenario) if each.get("do") not in acts.ACTS),
        *(each.do for each in scenario.client if each.do not in get_args(Doing)),
        *(m for m in (each.mutation for each in scenario.client) if m and m not in MUTATIONS),
        *([] if scenario.heal_client in get_args(Healing) else [scenario.heal_client]),
    ]
    if strangers or not scenario.client:
        raise BadScenario(f"{scenario.id}: {', '.join(strangers) or 'the client does nothing'}")


def _all_acts(scenario: Scenario) -> tuple[dict[str, Any], ...]:
    return (*scenario.setup, *scenario.breaking, *scenario.healing)


def told(scenario: Scenario) -> dict[str, Any]:
    """A scenario as JSON, in the shape of its file."""
    return {
        "id": scenario.id,
        "title": scenario.title,
        "cause": scenario.cause,
        "gate": scenario.gate,
        "app": scenario.app,
        "org": {"setup": scenario.setup, "break": scenario.breaking},
        "client": [{"do": each.do, "with": each.mutation} for each in scenario.client],
        "heal": {"org": scenario.healing, "client": scenario.heal_client},
    }


def play(org: Org, scenario: Scenario, phase: Phase) -> None:
    """Do the acts of one phase."""
    wanted = {
        "setup": scenario.setup, "break": scenario.breaking, "heal": scenario.healing,
    }[phase]  # fmt: skip
    for act in wanted:
        words = {name: value for name, value in act.items() if name != "do"}
        acts.do(org, act["do"], **words)


def stage(org: Org, scenario: Scenario) -> dict[str, str]:
    """On a fresh world: set up, connect the integration, break; gives the client's credential."""
    play(org, scenario, "setup")
    credential = connected.connect(org, scenario.app)
    play(org, scenario, "break")
    return credential
