"""SOAP login(): a session for a username and a password, as it was before OAuth (2.7, 3.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError, XMLParser
from xml.sax.saxutils import escape

from starlette.responses import Response

from evergrant.emulator import propagation, state, web
from evergrant.emulator.accounts import user_facts
from evergrant.emulator.gates import Evaluation, Question, Step
from evergrant.emulator.gates.rules import has_come
from evergrant.emulator.gates.user import inside, within_hours
from evergrant.emulator.gates.verdict import unless
from evergrant.emulator.oauth import passwords
from evergrant.emulator.objects import stamp
from evergrant.emulator.records import described, login
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.sessions import open_session
from evergrant.emulator.strict import demand

if TYPE_CHECKING:
    from sqlite3 import Row

    from starlette.requests import Request

    from evergrant.emulator.gates.attempt import PasswordMaterial, UserFacts
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import OrgPolicy

LAST_VERSION: Final = 64.0
"""The last API version with login()."""
_URN: Final = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}
_FAULTS: Final = {"u": "urn:fault.partner.soap.sforce.com",
                  "c": "urn:fault.enterprise.soap.sforce.com"}  # fmt: skip
_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_DEEPEST: Final = 32


@dataclass(slots=True)
class _Envelope:
    """A parser target that remembers the operation and its words."""

    operation: str = ""
    words: dict[str, str] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._path.append(tag.rpartition("}")[2])
        if len(self._path) > _DEEPEST:
            raise ValueError("nested too deep")
        if self._path[:-1] == ["Envelope", "Body"]:
            self.operation = self._path[-1]

    def end(self, _tag: str) -> None:
        self._path.pop()

    def data(self, text: str) -> None:
        if len(self._path) == 4 and self._path[1] == "Body":
            self.words[self._path[3]] = self.words.get(self._path[3], "") + text

    def doctype(self, *_: str | None) -> None:
        raise ValueError("a SOAP message has no DOCTYPE")

    def close(self) -> None:
        """Nothing is built."""


async def soap(org: Org, request: Request) -> Response:
    """POST /services/Soap/u/{version} and /services/Soap/c/{version}."""
    kind, version = request.path_params["kind"], request.path_params["version"]
    if kind not in _URN:
        return web.not_built(f"the SOAP API {kind}")
    envelope = _Envelope()
    parser = XMLParser(target=envelope)  # noqa: S314  # _Envelope refuses DOCTYPEs
    try:
        parser.feed(await request.body())
        parser.close()
    except (ParseError, ValueError, LookupError):
        text = "soapenv:Client", "the message is no SOAP envelope"
        return _reply(kind, _fault(kind, *text), 500)
    if envelope.operation != "login":
        return web.not_built(f"the SOAP operation {envelope.operation or 'without a name'}")
    with org.changing():
        return _login(org, web.place_of(org, request), kind, version, envelope.words)


def _login(org: Org, place: web.Place, kind: str, version: str, words: dict[str, str]) -> Response:
    policy = propagation.org_policy(org)
    # The generic host of the other kind of org knows none of this org's users.
    username = "" if place.host == "foreign" else words.get("username", "")
    row, found = passwords.material(org, policy, username, words.get("password", ""))
    now, user = org.clock.now(), None
    if row is not None:
        user = propagation.user(org, user_facts(org.db, row["Id"], now))
    steps = _steps(org, policy, _number(version), found, user)
    refused = next((step for step in steps if step.outcome == "refused"), None)
    refusal = REFUSALS[refused.verdict.detail, "soap"] if refused else None
    evaluation = Evaluation(steps, refusal)
    profile = user.profile if user else None
    demand(org, evaluation, (profile, policy), lambda: described(evaluation), has_user=bool(user))
    _write_down(org, place, evaluation, user)
    if refusal is not None:
        # Faults name the code twice: in faultcode and before the text.
        return _reply(kind, _fault(kind, refusal.error, refusal.description), refusal.status)
    if row is None:
        raise AssertionError("a login without a user")
    return _reply(kind, _result(org, place.base, kind, version, row), 200)


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return LAST_VERSION + 1


def _steps(
    org: Org, policy: OrgPolicy, version: float, found: PasswordMaterial, user: UserFacts | None
) -> tuple[Step, ...]:
    """The gates in their order, each named by the refusal that it would give."""
    is_over = version > LAST_VERSION or has_come(policy.soap_login_ends, org.clock.now())
    may = user is None or "UseAnyApiAuth" in user.permissions
    ranges, hours = (user.profile.login_ranges, user.profile.login_hours) if user else ((), ())
    return (
        _step("org_alive", policy.standing != "active", f"org_{policy.standing}", "org.standing"),
        _step("org_alive", policy.locked, "org_locked", "org.locked"),
        _step("flow_enabled", is_over, "soap_version", "org.soap_login_ends"),
        _step("flow_enabled", not policy.soap_login, "soap_disabled", "org.soap_login"),
        _step("user_known", bool(found.problem), f"password_{found.problem}", "user"),
        _step("user_active", user is not None and not user.is_active, "user_inactive", "user"),
        _step("user_frozen", user is not None and user.is_frozen, "user_frozen", "user"),
        _step("flow_enabled", policy.soap_login_needs_permission and not may,
              "soap_not_permitted", "org.soap_login_needs_permission"),
        _step("api_enabled", user is not None and "ApiEnabled" not in user.permissions,
              "api_disabled", "profile.PermissionsApiEnabled"),
        _step("ip_ranges", bool(ranges) and not inside(org.ip, ranges), "ip_restricted",
              "profile.login_ranges"),
        _step("login_hours", bool(hours) and not within_hours(org.clock.now(), hours),
              "hours_restricted", "profile.login_hours"),
    )  # fmt: skip


def _step(id_: str, is_refused: bool, refusal: str, knob: str) -> Step:
    return Step(Question(id_, knob, "official"), unless(is_refused, refusal, refusal, refusal))


def _write_down(org: Org, place: web.Place, evaluation: Evaluation, user: UserFacts | None) -> None:
    """The trace, and a Login History row where there is a user and a text is known."""
    at, source_ip = org.clock.now(), org.ip
    org.attempts.keep(lambda: {
        "at": stamp(at), "flow": "soap_login", "app": None,
        "user": user.username if user else None, "source_ip": source_ip, "host": place.host,
        **described(evaluation),
    })  # fmt: skip
    status = evaluation.refusal.login_status if evaluation.refusal else "Success"
    if user is not None and status is not None:
        login(
            org, user.id, status, login_type="Other Apex API", subtype="SoapApiLogin",
            login_url=place.login_url,
        )  # fmt: skip


def _result(org: Org, base: str, kind: str, version: str, user: Row) -> str:
    org_id = state.noted(org.db, "org_id")
    name = state.one(org.db, 'SELECT "Name", "IsSandbox" FROM "Organization"')
    token = open_session(org, user["Id"], None, "full", None)
    info = {
        "organizationId": org_id,
        "organizationName": name["Name"] if name else "",
        "profileId": user["ProfileId"],
        "sessionSecondsValid": str(state.load_org(org.db).session_minutes * 60),
        "userEmail": user["Email"], "userFullName": user["Name"], "userId": user["Id"],
        "userLanguage": user["LanguageLocaleKey"], "userLocale": user["LocaleSidKey"],
        "userName": user["Username"], "userTimeZone": user["TimeZoneSidKey"],
        "userType": "Standard",
    }  # fmt: skip
    server = f"{base}/services/Soap"
    members = _elements({
        "metadataServerUrl": f"{server}/m/{version}/{org_id}",
        "passwordExpired": "false",
        "sandbox": "true" if name and name["IsSandbox"] else "false",
        "serverUrl": f"{server}/{kind}/{version}/{org_id}",
        "sessionId": token,
        "userId": user["Id"],
    })  # fmt: skip
    inner = f"{members}<userInfo>{_elements(info)}</userInfo>"
    return f'<loginResponse xmlns="{_URN[kind]}"><result>{inner}</result></loginResponse>'


def _elements(words: dict[str, str | None]) -> str:
    return "".join(f"<{name}>{escape(word or '')}</{name}>" for name, word in words.items())


def _fault(kind: str, code: str, message: str) -> str:
    """A LoginFault; clients look for sf:exceptionCode and sf:exceptionMessage."""
    prefixed = code if ":" in code else f"sf:{code}"
    plain = code.rpartition(":")[2]
    return (
        f"<soapenv:Fault><faultcode>{prefixed}</faultcode>"
        f"<faultstring>{escape(f'{plain}: {message}')}</faultstring>"
        f'<detail><sf:LoginFault xmlns:sf="{_FAULTS[kind]}">'
        f"<sf:exceptionCode>{plain}</sf:exceptionCode>"
        f"<sf:exceptionMessage>{escape(message)}</sf:exceptionMessage>"
        "</sf:LoginFault></detail></soapenv:Fault>"
    )


def _reply(kind: str, body: str, status: int) -> Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" xmlns:sf="{_FAULTS[kind]}">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    return Response(text, status, media_type="text/xml; charset=UTF-8")
