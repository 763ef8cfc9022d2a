"""What a refusal is made of, and one constructor for each way in which one is delivered."""

from dataclasses import dataclass
from typing import Final, Literal

from evergrant.emulator.schema import Mark

Leg = Literal["authorize", "token", "api", "soap"]
Channel = Literal[
    "token_json", "redirect", "html_page", "raw_body", "login_page", "rest_array", "plain_text",
    "soap_fault",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way of saying no."""

    id: str
    leg: Leg
    channel: Channel
    error: str
    description: str
    mark: Mark
    source: str
    status: int = 400
    login_status: str | None = None
    history_mark: Mark = "inferred"
    idp_code: str | None = None


LOGIN_FAILED: Final = "Your login attempt has failed."


def by_token(
    id_: str, error: str, description: str, mark: Mark, source: str,
    *, log: str | None = None, log_mark: Mark = "inferred", idp: str | None = None,
) -> Refusal:  # fmt: skip
    """At the token endpoint: JSON, XML or a form, with 400."""
    return Refusal(
        id_, "token", "token_json", error, description, mark, source,
        login_status=log, history_mark=log_mark, idp_code=idp,
    )  # fmt: skip


def by_page(
    id_: str, error: str, description: str, mark: Mark, source: str,
    *, log: str | None = None, log_mark: Mark = "inferred", idp: str | None = None,
) -> Refusal:  # fmt: skip
    """On Salesforce's own page, which never calls back."""
    return Refusal(
        id_, "authorize", "html_page", error, description, mark, source, 302, log, log_mark, idp
    )


def by_redirect(id_: str, error: str, description: str, mark: Mark, source: str) -> Refusal:
    """Back to the callback, in its query or its fragment."""
    return Refusal(
        id_, "authorize", "redirect", error, description, mark, source, 302, idp_code="OauthError"
    )


def by_login_page(id_: str, source: str, log: str) -> Refusal:
    """On the sign-in page, in its one sentence."""
    return Refusal(
        id_, "authorize", "login_page", "login", LOGIN_FAILED, "inferred", source, 200,
        log, "official",
    )  # fmt: skip


def by_text(id_: str, word: str, mark: Mark, source: str) -> Refusal:
    """In plain text, at the identity services."""
    return Refusal(id_, "api", "plain_text", word, "", mark, source, 403)


def by_array(
    id_: str, error: str, description: str, mark: Mark, source: str, status: int
) -> Refusal:
    """In the array of the REST API."""
    return Refusal(id_, "api", "rest_array", error, description, mark, source, status)


def by_fault(
    id_: str, code: str, description: str, mark: Mark, source: str, *, log: str | None = None,
    log_mark: Mark = "official",
) -> Refusal:  # fmt: skip
    """In a SOAP fault, with 500."""
    return Refusal(id_, "soap", "soap_fault", code, description, mark, source, 500, log, log_mark)
