"""OAuth usage of an external client app by Connect REST, where OauthToken rows are not shown.

Connected apps are not among them; secrets are not either (Connect REST API guide, OAuth usage;
org-model 2.10).
"""

from __future__ import annotations

from typing import Any

from evergrant.errors import Malformed
from evergrant.evidence.exports.times import read_time
from evergrant.evidence.live_question import Found, Question
from evergrant.org.query import VERSION
from evergrant.org.rest import get
from evergrant.wire import Conversation

EXTERNAL = "0xI"
"""Key prefix of external client apps."""
MOST_PAGES = 10
_ROOT = "/services/data/"


def usage(question: Question) -> Conversation[list[Found]]:
    """Refresh tokens of the user for the external client app; raises what `get` raises."""
    tokens = yield from _tokens(question)
    made = [read_time(str(each.get("initialConnectionAt"))) for each in tokens]
    known = sorted(each for each in made if each is not None)
    quote = f"OAuth usage: {len(tokens)} tokens of this user for {question.app_label!r}"
    facts = [Found("user.app_tokens", len(tokens), quote, "derived")]
    if known:
        facts.append(Found("user.oldest_token", known[0], quote))
    if question.authorized_at is not None:
        newer = sum(each > question.authorized_at for each in known)
        facts.append(Found("user.newer_tokens", newer, quote, "derived"))
    return facts


def _tokens(question: Question) -> Conversation[list[dict[str, Any]]]:
    """NOTE: a next page is always named; the end is an empty one (org-model 2.10)."""
    path = f"{_ROOT}{VERSION}/apps/oauth/usage/{question.app_id}/{question.user_id}/tokens"
    found: list[dict[str, Any]] = []
    for _ in range(MOST_PAGES):
        page = yield from get(question.session, path)
        listed = page.get("tokens") if isinstance(page, dict) else None
        if not isinstance(listed, list):
            raise Malformed("the org's OAuth usage holds no tokens")
        found += [each for each in listed if isinstance(each, dict)]
        after = page.get("nextPageUrl")
        # The session's token goes there, so it must lie on the same org.
        if not listed or not isinstance(after, str) or not after.startswith(_ROOT):
            break
        path = after
    return found
