"""`evergrant jwt mint` and `inspect`: one variable of the JWT bearer flow at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.errors import Malformed, Refused, WireError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrant.model import Fact, Secret

FINDING, COULD_NOT_LOOK = 1, 4
Outcome = Literal["pass", "warn", "fail"]
try_option = click.option(
    "--try", "tries", is_flag=True, help="send it, and show what Salesforce answers"
)
host_option = click.option(
    "--host", default="", help="where it is sent: a login host; the audience if left out"
)


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that was looked at in an assertion."""

    about: str
    outcome: Outcome
    told: str
    is_inferred: bool = False


@click.command()
@click.option("--key", required=True, metavar="FILE", help="PEM private key; - reads it")
@click.option("--iss", required=True, metavar="KEY", help="consumer key of the app")
@click.option("--sub", required=True, metavar="USERNAME", help="who the client runs as")
@click.option(
    "--aud",
    default="production",
    show_default=True,
    help="login host: production, sandbox or a My Domain",
)
@click.option(
    "--exp",
    default=180,
    show_default=True,
    metavar="SECONDS",
    help="good for so long from now; below 0: ended already",
)
@click.option("--certificate", default="", metavar="FILE", help="PEM; the one in the app")
@click.option(
    "--print",
    "prints",
    is_flag=True,
    help="print the assertion, and nothing else, to standard output",
)
@try_option
@host_option
@format_option
def mint(
    key: str,
    iss: str,
    sub: str,
    aud: str,
    exp: int,
    certificate: str,
    prints: bool,
    tries: bool,
    host: str,
    form: Format,
) -> None:
    """Sign an assertion and look at it.

    The assertion opens the org for as long as it is good: it is only shown with --print.
    Ends with 0 when nothing is wrong with it, 1 when something is or Salesforce refuses it, 4 when
    Salesforce could not be asked.
    """  # fmt: skip
    from evergrant.clock import SystemClock
    from evergrant.model import Secret
    from evergrant.oauth.assertions import signed

    pem = Secret(_read(key, "give the private key in PEM form"))
    audience, now = _host(aud), SystemClock().now()
    claims = {
        "iss": iss,
        "sub": sub,
        "aud": audience,
        "exp": int((now + timedelta(seconds=exp)).timestamp()),
    }
    made = signed(claims, pem)
    if prints:
        say(made.reveal())
        return
    _judge(made, certificate, pem, tries, _host(host) if host else audience, form)


@click.command()
@click.argument("file", default="-")
@click.option("--certificate", default="", metavar="FILE", help="PEM; the one in the app")
@click.option("--key", default="", metavar="FILE", help="PEM private key that should have signed")
@try_option
@host_option
@format_option
def inspect(file: str, certificate: str, key: str, tries: bool, host: str, form: Format) -> None:
    """Look at an assertion: claims, clock, signature, certificate.

    FILE holds the JWT; standard input is read where it is left out or -.
    Ends with 0 when nothing is wrong with it, 1 when something is or Salesforce refuses it, 4 when
    Salesforce could not be asked.
    """
    from evergrant.model import Secret

    token = Secret(_read(file, "give the JWT, three parts with dots between").strip())
    pem = Secret(_read(key, "give the private key in PEM form")) if key else None
    where = (_host(host) if host else _audience(token)) if tries else ""
    _judge(token, certificate, pem, tries, where, form)


def _read(name: str, give: str) -> str:
    from evergrant.cli.reading import read_text

    return read_text(name, give=give)


def _host(text: str) -> str:
    from evergrant.oauth import login_host
    from evergrant.settings import load

    settings = load()
    return login_host(
        text,
        allowed=settings.allowed_hosts,
        production=settings.login_host_production,
        sandbox=settings.login_host_sandbox,
    )


def _audience(token: Secret) -> str:
    """The login host that the assertion is meant for; an audience may lie, so it is checked."""
    from evergrant.evidence.requests.assertion import parts_of

    parts = parts_of(token.reveal())
    return _host(str(parts.claims.get("aud", "")) if parts else "")


def _judge(
    token: Secret, certificate: str, key: Secret | None, tries: bool, host: str, form: Format
) -> None:
    pem = _read(certificate, "give a PEM certificate").encode() if certificate else b""
    looks = list(_looks(token, pem, key))
    answer = _tried(token, host) if tries else None
    if form is Format.JSON:
        emit("assertion", {"claims": _claims(token), "looks": looks, "answer": answer})
    else:
        _print(token, looks, answer, host)
    if answer is not None and answer["outcome"] == "could not look":
        raise Exit(COULD_NOT_LOOK)
    is_refused = answer is not None and answer["outcome"] == "fail"
    if is_refused or any(look.outcome == "fail" for look in looks):
        raise Exit(FINDING)


def _claims(token: Secret) -> dict[str, Any]:
    """Header and claims as they stand in it, without the signature."""
    from evergrant.evidence.requests.assertion import parts_of

    parts = parts_of(token.reveal())
    return {"header": parts.header, "claims": parts.claims} if parts else {}


def _looks(token: Secret, pem: bytes, key: Secret | None) -> Iterator[Look]:
    """What the evidence of an assertion says, line by line."""
    from evergrant.clock import SystemClock
    from evergrant.evidence.gathered import Wanted
    from evergrant.evidence.requests import assertion, certificates

    wanted = Wanted(
        now=SystemClock().now(),
        certificates=(pem,) if pem else (),
        keys=(key,) if key else (),
    )
    facts = [*assertion.read(token.reveal(), wanted).facts]
    if pem:
        facts += certificates.read((), wanted).facts
    for fact in facts:
        if look := _look(fact):
            yield look


def _look(fact: Fact) -> Look | None:
    """A fact as a line: what the rules rule out fails, what is only inferred warns."""
    is_inferred = fact.mark == "inferred"
    match fact.name, fact.value:
        case "jwt.flaw", "none":
            return Look("claims", "pass", fact.quote)
        case "jwt.flaw", flaw:
            return Look(str(flaw), "warn" if is_inferred else "fail", fact.quote, is_inferred)
        case "own.key_fits_certificate", fits:
            return Look("signature", "pass" if fits is True else "fail", fact.quote)
        case "own.certificate_ended", ended:
            return Look("certificate", "fail" if ended is True else "pass", fact.quote)
        case _:
            return None


def _tried(token: Secret, host: str) -> dict[str, str]:
    """What Salesforce answers; a token that it gives is revoked at once."""
    from evergrant.model import App
    from evergrant.oauth.client import ask
    from evergrant.oauth.jwt_bearer import GRANT_TYPE
    from evergrant.wire import run
    from evergrant.wire.conversation import Text

    form: dict[str, Text] = {"grant_type": GRANT_TYPE, "assertion": token}
    try:
        with progress(f"Sending it to {host}"):
            given = run(ask(host, App(""), form))
            gone = _revoked(host, given.access_token)
    except Refused as refusal:
        return {"outcome": "fail", "error": refusal.error, "description": refusal.description}
    except (WireError, Malformed) as trouble:
        return {"outcome": "could not look", "error": trouble.what, "description": ""}
    told = f"an access token of {given.instance_url}, {gone}"
    return {"outcome": "pass", "error": "", "description": told}


def _revoked(host: str, token: Secret) -> str:
    """What became of a token that was given: whether it can be revoked judges no assertion."""
    from evergrant.oauth.revoke import revoke
    from evergrant.wire import run

    try:
        run(revoke(host, token))
    except (Refused, WireError, Malformed) as trouble:
        return f"which lives until its session ends ({trouble.what})"
    return "revoked at once"


def _print(token: Secret, looks: list[Look], answer: dict[str, str] | None, host: str) -> None:
    from evergrant.cli.preflight import MARKS
    from evergrant.cli.visited import print_line

    told = _claims(token)
    for room in ("header", "claims"):
        for name, value in told.get(room, {}).items():
            print_line(str(value), label=f"{name:<5} ")
    print_line("")
    for look in looks:
        mark, colour = MARKS[look.outcome]
        note = " (inferred)" if look.is_inferred else ""
        print_line(f"{look.told}{note}", mark=mark, colour=colour, label=f"{look.about}: ")
    if answer is not None:
        mark, colour = MARKS[answer["outcome"]]
        words = ": ".join(each for each in (answer["error"], answer["description"]) if each)
        print_line(words, mark=mark, colour=colour, label=f"{host} answers: ")
