"""Looking at what only metadata shows: the app's policy, blocked apps, org settings, the profile.

One retrieve brings what SOQL hides (org-model 2.1): IP relaxation, PKCE, rotation, `zero` against
`infinite`, scopes, the blocked list, session settings, login ranges and hours.
"""

from __future__ import annotations

from evergrant.evidence.gathered import Wanted
from evergrant.evidence.given.document import Document
from evergrant.evidence.live_question import Found, Question, profile_of
from evergrant.evidence.retrieved.reading import read
from evergrant.org import metadata
from evergrant.wire import Conversation

TYPES = (
    "ConnectedApp",
    "BlacklistedConsumer",
    "ExternalClientApplication",
    "ExtlClntAppOauthSettings",
    "ExtlClntAppGlobalOauthSettings",
    "ExtlClntAppOauthConfigurablePolicies",
    "ExtlClntAppConfigurablePolicies",
    "ProfileSessionSetting",
)
"""Retrieved whole; the pages of these types document the wildcard."""
SETTINGS = ("ConnectedApp", "MyDomain", "OauthOidc", "Security")
NAMES = (
    "app.api_scope",
    "app.blocked",
    "app.device_flow",
    "app.enabled",
    "app.idle_limit",
    "app.ip_relaxed",
    "app.jwt_tokens",
    "app.kind",
    "app.pkce_required",
    "app.refresh_scope",
    "app.refresh_token_days",
    "app.refresh_token_policy",
    "app.rotation",
    "app.secret_for_refresh",
    "app.session_block",
    "org.api_access_control",
    "org.ip_every_request",
    "org.lock_sessions_to_ip",
    "org.my_domain_required",
    "org.oauth_cors",
    "org.password_flow_blocked",
    "org.pkce_required",
    "org.session_minutes",
    "org.user_agent_flow_blocked",
    "user.high_assurance",
    "user.login_hours",
    "user.login_ranges",
)
"""What is taken from metadata; the rest of it SOQL tells as well."""


def metadata_facts(question: Question) -> Conversation[list[Found]]:
    """One retrieve, read as files of a project are."""
    profile = yield from profile_of(question)
    members: dict[str, tuple[str, ...]] = dict.fromkeys(TYPES, ("*",))
    members["Settings"] = SETTINGS
    if profile:
        members["Profile"] = (profile,)
    data = yield from metadata.retrieve(question.session, members)
    # NOTE: our own manifest stands beside the zip's, which lists what was found: that all blocked
    # apps were asked for shows that an app that is missing is not blocked.
    documents = [
        Document.of_bytes("retrieve.zip", data),
        Document.of_text(metadata.manifest(members), "package.xml"),
    ]
    wanted = Wanted(app=question.app_label, user=question.username, at=question.failed_at)
    found = read(documents, wanted).facts
    # Without the app's own name, no file of an app is known to be its.
    doubt = question.no_app if question.app_doubt or not question.app_label else None
    return [
        Found(fact.name, fact.value, fact.quote, "inferred" if fact.mark == "inferred" else "seen")
        for fact in found
        if fact.name in NAMES and not (doubt and fact.name.startswith("app."))
    ]
