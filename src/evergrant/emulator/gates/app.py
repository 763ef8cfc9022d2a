"""Gates on the request, the host, the app and the client, in Salesforce's order."""

from collections.abc import Callable
from typing import Final

from evergrant.emulator.gates.attempt import (
    BROWSER,
    DEVICE,
    AssertionMaterial,
    Attempt,
    AuthorizeMaterial,
    CodeMaterial,
    ExchangeMaterial,
    Flow,
)
from evergrant.emulator.gates.rules import (
    DEFAULT_CLI,
    has_come,
    is_held_to_partner_rules,
)
from evergrant.emulator.gates.verdict import NotApplicable, Passed, Refused, Verdict, on_app, unless
from evergrant.emulator.policies import AppPolicy

REFRESH_SCOPES: Final = frozenset({"refresh_token", "offline_access"})
NOT_FOR_CLIENT_CREDENTIALS: Final = REFRESH_SCOPES | {"full"}
USER_AGENT: Final = frozenset({"token", "token id_token", "hybrid_token"})
"""Response types of the user-agent flows."""
CODES: Final = frozenset({"code", "code_credentials"})
"""Response types that end in a code, which PKCE protects."""
_GENERIC_AUDIENCES: Final = frozenset(
    {"https://login.salesforce.com", "https://test.salesforce.com"}
)


def request_form(attempt: Attempt) -> Verdict:
    """A known grant type, nothing sent twice, and no scope at the token endpoint."""
    if attempt.twice:
        return Refused("duplicate_parameter", f"{attempt.twice} was sent more than once")
    if attempt.flow == "unknown":
        return Refused("grant_type", f"grant_type is {attempt.grant_type or 'missing'}")
    if attempt.secret == "malformed":
        return Refused("basic_malformed", "the Basic header cannot be read")
    return unless(
        attempt.has_scope, "scope_on_token", "a scope was sent to the token endpoint",
        "the request has the right form",
    )  # fmt: skip


def org_alive(attempt: Attempt) -> Verdict:
    """The org takes logins at all."""
    if attempt.org.standing != "active":
        return Refused(f"org_{attempt.org.standing}", f"the org is {attempt.org.standing}")
    return unless(attempt.org.locked, "org_locked", "the org is locked", "the org is active")


def client_known(attempt: Attempt) -> Verdict:
    """The consumer key belongs to an app that still exists."""
    if attempt.app is None:
        return Refused("client_unknown", "no app has this consumer key")
    return unless(
        attempt.app.deleted, "client_deleted", "the app was deleted", "the consumer key is known"
    )


@on_app
def host(attempt: Attempt, app: AppPolicy) -> Verdict:
    """The flow may be used on this host, and an external client app only on My Domain."""
    if attempt.host == "my_domain" and not _means_generic_host(attempt):
        return Passed("the request came to My Domain")
    if attempt.flow in _MY_DOMAIN_ONLY:
        return Refused("generic_host", f"{attempt.flow} came to the {attempt.host} host")
    return unless(
        app.kind == "external_client_app", "eca_not_found",
        "an external client app was looked for through the generic host",
        "a connected app may use the generic host",
    )  # fmt: skip


_MY_DOMAIN_ONLY: Final[frozenset[Flow]] = frozenset({"client_credentials", "token_exchange"})


def _means_generic_host(attempt: Attempt) -> bool:
    match attempt.material:
        case AssertionMaterial(audience=audience):
            return audience in _GENERIC_AUDIENCES
        case _:
            return False


@on_app
def redirect_uri(attempt: Attempt, app: AppPolicy) -> Verdict:
    """The callback is byte for byte one of the app's, and the same at both endpoints."""
    match attempt.material:
        case AuthorizeMaterial(redirect_uri=None):
            return Refused("redirect_missing", "no redirect_uri was sent")
        case AuthorizeMaterial(redirect_uri=wanted):
            is_wrong, why = wanted not in app.callbacks, f"{wanted} is not a registered callback"
        case CodeMaterial(is_same_redirect=is_same):
            is_wrong, why = not is_same, "redirect_uri differs from the authorization request"
        case _:
            return NotApplicable("the flow has no callback")
    return unless(is_wrong, "redirect_mismatch", why, "the callback is registered")


def response_type(attempt: Attempt) -> Verdict:
    """The authorization request asks for what this org gives."""
    match attempt.material:
        case AuthorizeMaterial(response_type=asked):
            is_open = asked in USER_AGENT and not attempt.org.block_user_agent
            is_fine = asked in CODES or is_open
            why = f"response_type is {asked or 'missing'}, or that flow is blocked"
            return unless(not is_fine, "response_type", why, "the response type is allowed")
        case _:
            return NotApplicable("not an authorization request")


@on_app
def flow_enabled(attempt: Attempt, app: AppPolicy) -> Verdict:
    """The app, and the org, allow this flow."""
    if attempt.flow == "refresh_token" and attempt.is_hybrid:
        return unless(
            app.jwt_access_tokens and app.rotation, "hybrid_refresh_disabled",
            "the app issues JWT access tokens and rotates", "the hybrid refresh is enabled",
        )  # fmt: skip
    if not _is_off(attempt, app):
        return _ENABLED
    refusal = f"{attempt.flow.removesuffix('_bearer')}_disabled"
    return Refused(refusal, f"{attempt.flow} is switched off")


_ENABLED: Final = Passed("the flow is enabled")


def _is_off(attempt: Attempt, app: AppPolicy) -> bool:
    switched = _OFF.get(attempt.flow)
    return switched is not None and switched(attempt, app)


def _has_no_handler(attempt: Attempt, app: AppPolicy) -> bool:
    has_one = isinstance(attempt.material, ExchangeMaterial) and attempt.material.has_handler
    return not (app.token_exchange and has_one)


def _has_no_device_flow(attempt: Attempt, app: AppPolicy) -> bool:
    is_cli = app.consumer_key == DEFAULT_CLI
    has_lost_it = is_cli and has_come(attempt.org.cli_device_flow_ends, attempt.at)
    return not app.device_flow or has_lost_it


_OFF: Final[dict[Flow, Callable[[Attempt, AppPolicy], bool]]] = {
    "client_credentials": lambda _, app: not app.client_credentials,
    "jwt_bearer": lambda _, app: not app.certificate,
    "saml_bearer": lambda _, app: not app.certificate,
    "password": lambda attempt, app: (
        attempt.org.block_username_password or app.kind == "external_client_app"
    ),
    "token_exchange": _has_no_handler,
    "code_credentials": lambda attempt, app: (
        not (app.code_credentials and attempt.org.code_credentials)
    ),
    **dict.fromkeys(DEVICE, _has_no_device_flow),
}
"""What switches a flow off; flows that are not named are always on."""


@on_app
def code_challenge(attempt: Attempt, app: AppPolicy) -> Verdict:
    """PKCE, where app or org require it."""
    match attempt.material:
        case AuthorizeMaterial(response_type=asked) if asked not in CODES:
            return NotApplicable("the flow gives no code")
        case AuthorizeMaterial(has_challenge=has_challenge):
            is_held = is_held_to_partner_rules(app, attempt.org, attempt.at)
            is_due = app.pkce_required or attempt.org.pkce_required or is_held
            return unless(
                is_due and not has_challenge, "pkce_missing",
                "PKCE is required and no code_challenge was sent", "PKCE is in order",
            )  # fmt: skip
        case _:
            return NotApplicable("not an authorization request")


@on_app
def scopes(attempt: Attempt, app: AppPolicy) -> Verdict:
    """Every scope asked for is one that the app carries."""
    if attempt.flow == "client_credentials":
        if not has_come(attempt.org.scope_check_begins, attempt.at):
            return NotApplicable("the scopes of this flow are not looked at yet")
        return unless(
            frozenset(app.scopes) <= NOT_FOR_CLIENT_CREDENTIALS, "no_valid_scopes",
            "the app has no scope that this flow supports", "the app has a scope for this flow",
        )  # fmt: skip
    if attempt.flow not in BROWSER and attempt.flow != "device_code":
        return NotApplicable("the scopes are those approved before")
    strangers = sorted(set(attempt.scopes) - carried(app.scopes))
    return unless(
        bool(strangers), "scope_not_allowed",
        f"the app does not carry {' '.join(strangers)}", "the app carries the scopes",
    )  # fmt: skip


def carried(scopes: tuple[str, ...]) -> frozenset[str]:
    """The scopes one may ask of an app: refresh_token and offline_access are one and the same."""
    held = frozenset(scopes)
    return held | REFRESH_SCOPES if held & REFRESH_SCOPES else held


@on_app
def client_auth(attempt: Attempt, app: AppPolicy) -> Verdict:
    """The secret is right wherever it is sent, and sent wherever it is due."""
    if attempt.secret == "wrong":
        return Refused("wrong_secret", "the consumer secret is wrong")
    is_due = _DUE.get(attempt.flow)
    is_missing = attempt.secret == "none" and is_due is not None and is_due(app)
    return unless(
        is_missing, "wrong_secret", "the consumer secret is missing",
        "the client is authenticated, or need not be",
    )  # fmt: skip


_DUE: Final[dict[Flow, Callable[[AppPolicy], bool]]] = {
    "authorization_code": lambda app: not app.secret_optional,
    "refresh_token": lambda app: app.secret_for_refresh,
    "client_credentials": lambda _: True,
    "password": lambda _: True,
    "token_exchange": lambda app: app.secret_for_token_exchange,
}
"""Where the secret must be sent; flows that are not named do without."""
