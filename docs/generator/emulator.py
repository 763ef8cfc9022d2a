"""docs/reference/emulator.md: what the emulated org can be told, refuses, and does not build."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from evergrant.emulator import app, control, records
from evergrant.emulator.gates import GATES
from evergrant.emulator.oauth import headless, token_request
from evergrant.emulator.oauth.cors import RULES
from evergrant.emulator.policies import KNOBS
from evergrant.emulator.policies.unmodelled import UNMODELLED
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.scenario import MUTATIONS, scenarios
from generator import metadata as generator_metadata
from generator import objects as generator_objects
from generator import setup as generator_setup
from generator import trouble as generator_trouble
from generator.markdown import bullets, code, table
from generator.markdown import page as whole

MARKS = {
    "official": "Salesforce's own documentation or code says so",
    "recorded": "it was seen on a real org, in public",
    "inferred": "our deduction; no source states it",
}
REFUSAL_TITLES = (
    "what is wrong", "leg", "channel", "answer", "mark", "Login History", "its mark",
)  # fmt: skip
STRICT = (
    "`evergrant emulator serve --strict` refuses what is only inferred: it answers 501 and names "
    "it, writes it into the trace, and changes nothing.\nIt looks at every sign-in, grant, call "
    "of the API, revoking and SOAP `login()`:"
)
STRICT_LOOKS = (
    "the text of the refusal that would be given, by its mark below",
    "the gate that refused, by its mark",
    "the Login History status that would be written",
    "every inferred policy of the app, profile and org that is not at its default",
)
LIMITS = (
    "It is not Salesforce, and was never compared with a live org.",
    "An object that it does not hold answers 501, never an empty list.",
    "Its clock moves only when told; nothing happens after a delay by itself.",
    "It speaks HTTP on loopback, or TLS by a certificate of its own (`--tls`); proxies are not "
    "imitated.",
    "It has no Experience Cloud sites: My Domain stands for the one of authorization code and "
    "credentials, and its users for external ones.",
    "Token exchange handlers are told beforehand what their Apex class would answer "
    "(`set_token_handler`).",
    "A body of more than a megabyte at an OAuth endpoint is refused with 413.",
    "Label, owner and scopes of its Salesforce CLI app (PlatformCLI) are inferred; key, callback "
    "and the want of a secret are recorded.",
    "A state file (`--state`) of another version is refused, not migrated, unless it merely lacks "
    "a table or a policy.",
    "Its control port has no password: never put it on a network.",
)


def page() -> str:
    """The whole page."""
    inferred = [name for name, each in KNOBS.items() if each.mark == "inferred"]
    return whole(
        "Emulator",
        "`evergrant emulator serve` is a local Salesforce org: it grants, refuses and writes down "
        "as Salesforce does, as far as that is known.\nIt is not affiliated with Salesforce.",
        "## How well it is known",
        table(["mark", "meaning", "policies", "refusals", "gates", "history rows"], _counts()),
        "## Limits",
        bullets(LIMITS),
        "## Strict mode",
        STRICT,
        bullets(STRICT_LOOKS),
        f"Of the knobs, {len(inferred)} are inferred: {_words(inferred)}.",
        "## Flows",
        "Every grant the token endpoint takes, and the LoginSubType of its Login History row; "
        "*none* means that none is documented.",
        table(["asked for by", "flow", "LoginSubType"], _flows()),
        "## CORS",
        "Which web pages may read an answer; paths that are not listed never send CORS headers.",
        table(["path", "rule"], ((code(path), rule.value) for path, rule in RULES.items())),
        "## Policies",
        "What an admin or a developer can set.\nSource keys are those of the emulator's protocol "
        "notes: o- official, c- Salesforce's code, t- third party, F fidelity notes.",
        table(["policy", "default", "effect", "source", "mark"], _knobs()),
        "## Known, not modelled",
        "What can be set or happens in a real org and has no effect here.",
        table(["setting", "why not", "source"], _unmodelled()),
        "## Control port",
        "It steers the org and tells what the client just did; `/openapi.json` has it in full.",
        table(["call", "what it does"], _control()),
        "## Gates",
        "Every attempt passes them in this order, and the first that refuses decides.\n"
        "The control port's `/trace` shows what each said.",
        table(["gate", "rests on", "mark"], ((code(g.id), code(g.knob), g.mark) for g in GATES)),
        "## Refusals",
        "What goes over the wire, and what Login History then shows; *none* means that no row is "
        "written.",
        table(REFUSAL_TITLES, _refusals()),
        *generator_objects.parts(),
        *generator_metadata.parts(),
        *generator_setup.parts(),
        *generator_trouble.parts(),
        "## What answers 501",
        bullets(_not_built()),
        "## Scenarios",
        "`evergrant emulator serve --scenario ID` begins broken; `evergrant drill ID` plays one to "
        "its proof.",
        table(["scenario", "what breaks", "client", "healed by"], _scenarios()),
        "## What can be wrong with a client",
        table(["mutation", "what it does"], ((code(k), v) for k, v in MUTATIONS.items())),
    )  # fmt: skip


def by_mark() -> Counter[str]:
    """How many behaviors stand under each mark, over policies, refusals, gates and rows."""
    total: Counter[str] = Counter()
    for mark, *counts in _counts():
        total[str(mark)] += sum(int(str(each)) for each in counts[1:])
    return total


def _counts() -> Iterator[tuple[object, ...]]:
    rows: list[Counter[str]] = [
        _by_mark(each.mark for each in KNOBS.values()),
        _by_mark(each.mark for each in REFUSALS.values()),
        _by_mark(each.mark for each in GATES),
        _by_mark(each.history_mark for each in REFUSALS.values() if each.leg != "api"),
    ]
    for mark, meaning in MARKS.items():
        yield (mark, meaning, *(counted[mark] for counted in rows))


def _by_mark(marks: Iterable[str]) -> Counter[str]:
    return Counter(marks)


def _flows() -> Iterator[tuple[object, ...]]:
    asked: dict[str, tuple[str, bool]] = {
        "response_type=token": ("user_agent", False),
        "response_type=hybrid_token": ("user_agent", True),
        "response_type=code_credentials": ("code_credentials", False),
        "response_type=device_code": ("device_code", False),
        **{
            grant: (flow, grant.startswith("hybrid_"))
            for grant, flow in token_request.FLOWS.items()
        },
    }
    for words, (flow, is_hybrid) in asked.items():
        subtypes = records.HYBRID if is_hybrid else records.SUBTYPES
        yield code(words), flow, subtypes.get(flow, "none")


def _knobs() -> Iterator[tuple[object, ...]]:
    for name, each in KNOBS.items():
        yield code(name), code(_shown(each.default)), each.effect, each.source, each.mark


def _unmodelled() -> Iterator[tuple[object, ...]]:
    for each in UNMODELLED:
        yield each.name, each.why, each.source


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    return "none" if default in (None, (), "") else str(default)


def _control() -> Iterator[tuple[object, ...]]:
    for each in control.ENDPOINTS:
        yield code(f"{each.method} {each.path}"), each.summary


def _refusals() -> Iterator[tuple[object, ...]]:
    for each in REFUSALS.values():
        answer = f"{each.error}: {each.description}" if each.description else each.error
        row = (each.login_status or "none", each.history_mark) if each.leg != "api" else ("", "")
        yield (each.id, each.leg, each.channel, code(answer), each.mark, *row)


def _not_built() -> Iterator[str]:
    # The routes are the emulator's own affair; only this page looks at them from outside.
    yield f"paths: {_words(app._NOT_BUILT)}"
    yield f"grants: {'; '.join(token_request.NOT_BUILT.values())}"
    yield f"`Auth-Request-Type`: {_words(sorted(headless._OTHERS))}"
    yield "operations of the SOAP API but `login`, and of the Metadata API but those above"
    yield "every other path under `/services/`"


def _words(names: Iterable[str]) -> str:
    return ", ".join(code(name) for name in names)


def _scenarios() -> Iterator[tuple[object, ...]]:
    for each in scenarios().values():
        steps = (f"{s.do} ({s.mutation})" if s.mutation else s.do for s in each.client)
        acts = ", ".join(act["do"] for act in each.healing)
        yield (
            code(each.id),
            each.title,
            ", ".join(steps),
            f"{acts}; {each.heal_client}".lstrip("; "),
        )
