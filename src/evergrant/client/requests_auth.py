"""An auth class for `requests`: `session.auth = SalesforceAuth(source)`."""

from __future__ import annotations

from typing import Any

from evergrant.client.bearing import bear, says_ended
from evergrant.client.sources import TokenSource


class SalesforceAuth:
    """Puts the token on every request, and sends once more with another when it has ended."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def __call__(self, request: Any) -> Any:
        """Prepare one request; `requests` calls this."""
        token = self._source.token()
        bear(request.url, request.headers, token)
        start = _position(request.body)

        def again(answer: Any, **how: Any) -> Any:
            return self._again(answer, token.fingerprint, start, how)

        request.register_hook("response", again)
        return request

    def _again(self, answer: Any, used: str, start: int | None, how: dict[str, Any]) -> Any:
        if answer.status_code != 401 or not says_ended(401, answer.text):
            return answer
        other, sent = self._source.token(refused=used), answer.request
        if other.fingerprint == used or (_is_stream(sent.body) and start is None):
            return answer
        answer.close()
        retry = sent.copy()
        retry.hooks = {**retry.hooks, "response": []}
        if start is not None:
            retry.body.seek(start)
        bear(retry.url, retry.headers, other)
        last = answer.connection.send(retry, **how)
        last.history.append(answer)
        last.request = retry
        return last


def _is_stream(body: Any) -> bool:
    return not (body is None or isinstance(body, (bytes, str)))


def _position(body: Any) -> int | None:
    """Where a file begins to be read; None for what is no file, or cannot be read twice."""
    try:
        return int(body.tell())
    except (AttributeError, OSError):
        return None
