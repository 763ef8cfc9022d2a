"""requests in process: `session.mount("https://", InProcess(org))` needs no port and no TLS."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from starlette.testclient import TestClient
from urllib3 import HTTPHeaderDict, HTTPResponse

if TYPE_CHECKING:
    from evergrant.testing.org import SalesforceOrg


class InProcess(BaseAdapter):
    """Takes requests to the org's ASGI app, whatever host they are meant for."""

    def __init__(self, org: SalesforceOrg) -> None:
        super().__init__()
        self._app, self._url = org.asgi, org.url

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """One request; redirects are left to the session. Raises ValueError for a streamed body."""
        sent = request.body or b""
        if not isinstance(sent, str | bytes):
            raise ValueError("a body in pieces cannot be sent in process")
        words = {name: str(value) for name, value in request.headers.items()}
        with TestClient(self._app, base_url=self._url, follow_redirects=False) as client:
            answer = client.request(
                str(request.method), str(request.url), content=sent, headers=words
            )
        made = requests.Response()
        made.status_code, made.url, made.request = answer.status_code, str(request.url), request
        made.headers = CaseInsensitiveDict(answer.headers)
        made.reason, made.encoding = answer.reason_phrase, answer.encoding
        made.raw = HTTPResponse(
            BytesIO(answer.content), headers=HTTPHeaderDict(answer.headers.multi_items()),
            status=answer.status_code, preload_content=False, decode_content=False,
        )  # fmt: skip
        extract_cookies_to_jar(made.cookies, request, made.raw)
        return made

    def close(self) -> None:
        """Nothing is held."""
