"""A request as it went out to Salesforce, whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went out; its values may be secret, so its repr shows none."""

    method: str
    url: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str | None = None
    """None where it is not known."""

    def __repr__(self) -> str:
        return f"Sent({self.method} {self.where})"

    @property
    def where(self) -> str:
        """Scheme, host and path."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"

    @property
    def path(self) -> str:
        """The path alone."""
        return urlsplit(self.url).path

    @property
    def media_type(self) -> str:
        """The content type without its parameters; empty when none was sent."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def fields(self) -> dict[str, str]:
        """Parameters of body and query, decoded once; the body's win."""
        told = dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))
        if self.body and self.media_type != "application/json":
            told |= dict(parse_qsl(self.body, keep_blank_values=True))
        return told

    @property
    def is_token(self) -> bool:
        """Whether it is meant for the token endpoint."""
        return self.path.rstrip("/").endswith("/token")
