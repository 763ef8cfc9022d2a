"""What the org writes down: Login History, Identity Provider Event Log, audit trail, trace."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from evergrant.emulator import objects, propagation, state
from evergrant.emulator.gates import evaluate
from evergrant.emulator.gates.attempt import BROWSER, AuthorizeMaterial
from evergrant.emulator.ids import twin

if TYPE_CHECKING:
    from evergrant.emulator.gates import Evaluation
    from evergrant.emulator.gates.attempt import Attempt
    from evergrant.emulator.org import Org
    from evergrant.emulator.refusals.refusal import Refusal

SUBTYPES: Final[dict[str, str]] = {
    "authorize": "OauthWebServer",
    "code_credentials": "OauthWebServer",
    "authorization_code": "OauthWebServer",
    "user_agent": "OauthUserAgent",
    "refresh_token": "OauthRefreshToken",
    "client_credentials": "OauthClientCredentials",
    "password": "OauthUsernamePassword",
    "token_exchange": "OauthTokenExchange",
}
"""LoginSubType by flow (LoginHistory reference); assertions and device have none documented."""
HYBRID: Final[dict[str, str]] = {
    "authorize": "OauthHybridWebServer",
    "authorization_code": "OauthHybridWebServer",
    "user_agent": "OauthHybridUserAgent",
    "refresh_token": "OauthHybridRefreshToken",
}
"""LoginSubType of the hybrid variants."""
_NO_TOKEN: Final = BROWSER - {"user_agent"}
"""Flows that end without a token: their success is not yet a login."""
_UNKNOWN: Final = "N/A"
_LOGIN: Final = objects.inserting(
    "LoginHistory", "Id", "LoginGeoId", "CountryIso", "UserId", "LoginTime", "LoginType",
    "LoginSubType", "Status", "Application", "SourceIp", "Browser", "Platform", "ApiType",
    "ApiVersion", "ClientVersion", "LoginUrl", "OptionsIsPost",
)  # fmt: skip
_IDP_EVENT: Final = objects.inserting(
    "IdpEventLog", "Id", "AppId", "UserId", "Timestamp", "InitiatedBy", "ErrorCode", "SsoType"
)
_LAST_LOGIN: Final = 'UPDATE "User" SET "LastLoginDate" = ? WHERE "Id" = ?'


def login(
    org: Org, user_id: str, status: str, *, login_type: str = "Remote Access 2.0",
    subtype: str | None = None, application: str = _UNKNOWN, login_url: str = "",
) -> str:  # fmt: skip
    """One Login History row; gives its id."""
    record, now = org.ids.new("0Ya"), objects.stamp(org.clock.now())
    org.db.defer(_LOGIN, (
        record, twin("04F", record), _country(org, org.ip), user_id, now, login_type, subtype,
        status, application, org.ip, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN, login_url,
        True,
    ))  # fmt: skip
    if status == "Success":
        org.db.overwrite(_LAST_LOGIN, (now, user_id))
    return record


def locate(org: Org, ip: str, country: str) -> None:
    """Say in which country an address lies, by its two letters: logins from there will show it."""
    state.note(org.db, f"country of {ip}", country.upper())


def _country(org: Org, ip: str) -> str | None:
    return state.recall(org.db, ("country", ip), lambda: _located(org, ip))


def _located(org: Org, ip: str) -> str | None:
    row = state.one(org.db, "SELECT value FROM x_meta WHERE key = ?", f"country of {ip}")
    return None if row is None else str(row["value"])


def verification(org: Org, user_id: str, ip: str) -> None:
    """One row of VerificationHistory: a user confirmed who they are (values inferred)."""
    objects.insert(
        org.db, "VerificationHistory", Id=org.ids.new("0cp"), UserId=user_id, SourceIp=ip,
        VerificationTime=org.clock.now(), VerificationMethod="Email", Activity="Login",
        Policy="DeviceActivation", Status="Succeeded", EventGroup=1,
    )  # fmt: skip


def idp_event(org: Org, app_id: str, user_id: str | None, initiated_by: str, code: str) -> None:
    """One row of the Identity Provider Event Log; '1' is OpenID Connect."""
    now = objects.stamp(org.clock.now())
    org.db.defer(_IDP_EVENT, (org.ids.new("0FW"), app_id, user_id, now, initiated_by, code, "1"))


def audit(org: Org, action: str, display: str, section: str, by: str | None = None) -> None:
    """One row of the Setup Audit Trail, by the admin unless said otherwise."""
    objects.insert(
        org.db, "SetupAuditTrail", Id=org.ids.new("0Ym"), Action=action, Display=display,
        Section=section, CreatedDate=org.clock.now(),
        CreatedById=by or state.noted(org.db, "admin_id"),
    )  # fmt: skip


def subtype_of(attempt: Attempt) -> str | None:
    """The LoginSubType of an attempt; None where none is documented."""
    match attempt.material:
        case AuthorizeMaterial(response_type="token id_token"):
            return "OauthUserAgentIdToken"
        case _:
            return (HYBRID if attempt.is_hybrid else SUBTYPES).get(attempt.flow)


def record_attempt(org: Org, attempt: Attempt, refusal: Refusal | None, login_url: str) -> None:
    """Write down an attempt that has come to its end.

    An unknown client or user leaves no row (inferred): there is nobody to attach it to.
    """
    trace(org, attempt)
    status = "Success" if refusal is None else refusal.login_status
    is_login = attempt.flow not in _NO_TOKEN or refusal is not None
    if attempt.user is not None and status is not None and is_login:
        login(
            org, attempt.user.id, status, subtype=subtype_of(attempt),
            application=attempt.app.label if attempt.app else _UNKNOWN, login_url=login_url,
        )  # fmt: skip
    code = "Success" if refusal is None else _idp_code(attempt, refusal)
    if attempt.app is not None and code is not None and attempt.flow != "device_code":
        by = "OauthAuthorize" if attempt.flow in BROWSER else "OauthTokenExchange"
        idp_event(org, attempt.app.id, attempt.user.id if attempt.user else None, by, code)


def _idp_code(attempt: Attempt, refusal: Refusal) -> str | None:
    """The ErrorCode of a refusal: at the browser every one has one, if only OAuth Error."""
    return refusal.idp_code or ("OauthError" if attempt.flow in BROWSER else None)


def trace(org: Org, attempt: Attempt) -> None:
    """Keep an attempt: the ground truth for tests of diagnosis.

    Only the facts are kept: the gates are pure, so they say the same again to whoever reads it.
    """
    org.attempts.keep(_Attempted(attempt, propagation.pending(org)))


@dataclass(frozen=True, slots=True)
class _Attempted:
    """An attempt as the trace keeps it, with the edits that were under way."""

    attempt: Attempt
    pending: tuple[str, ...]

    def __call__(self) -> dict[str, object]:
        """As JSON."""
        return {**told(self.attempt, evaluate(self.attempt)), "pending": list(self.pending)}


def told(attempt: Attempt, evaluation: Evaluation) -> dict[str, object]:
    """An attempt and what the gates said, as JSON."""
    return {
        "at": objects.stamp(attempt.at),
        "flow": attempt.flow,
        "app": attempt.app.name if attempt.app else None,
        "user": attempt.user.username if attempt.user else None,
        "source_ip": attempt.source_ip,
        "host": attempt.host,
        **described(evaluation),
    }


def described(evaluation: Evaluation) -> dict[str, object]:
    """An evaluation as JSON."""
    return {
        "outcome": "issued" if evaluation.refusal is None else "refused",
        "gate": evaluation.gate,
        "refusal": None if evaluation.refusal is None else asdict(evaluation.refusal),
        # Spelled out, for asdict on thirty steps costs more than all gates together.
        "steps": [
            {
                "id": each.id, "outcome": each.outcome, "detail": each.verdict.detail,
                "knob": each.question.knob, "mark": each.question.mark,
            }
            for each in evaluation.steps
        ],
    }  # fmt: skip
