"""What came back through the browser: a code, a refusal, or Salesforce's own error page.

The address may be the one our callback received or one that a person copied from the address bar:
Salesforce's error page never calls back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import unescape
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from evergrant.errors import BadInput, Refused
from evergrant.log import mask
from evergrant.model import Secret

ERROR_PAGE = "/setup/secur/remoteaccesserrorpage.apexp"


@dataclass(frozen=True, slots=True)
class Granted:
    """The user said yes; the code is decoded and can be sent as it is."""

    code: Secret
    state: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Denied:
    """No: the user's or the org's, in Salesforce's words."""

    error: str
    description: str = ""
    state: str = field(default="", repr=False)
    channel: Literal["redirect", "html"] = "redirect"
    """`html`: Salesforce's own page, which never comes to the callback."""

    def refusal(self) -> Refused:
        """The same as an error, to be raised or diagnosed."""
        return Refused(self.error, self.description, channel=self.channel)


Callback: TypeAlias = Granted | Denied


def read_callback(url: str) -> Callback:
    """Read a callback address, or the address of Salesforce's error page.

    Parameters count in the query and in the fragment (the user-agent flow).  Raises `BadInput` when
    the address says neither yes nor no, or says both, or says one thing twice.
    """
    path, pairs = _parts(url)
    names = [name for name, _ in pairs]
    if any(names.count(name) > 1 for name in ("code", "error", "state")):
        raise _unreadable("it says one thing twice")
    said = dict(pairs)
    if said.get("error") and not said.get("code"):
        is_page = path.lower().endswith(ERROR_PAGE)
        words = (_words(said["error"]), _words(said.get("error_description", "")))
        return Denied(*words, said.get("state", ""), "html" if is_page else "redirect")
    if said.get("code") and not said.get("error"):
        return Granted(Secret(said["code"]), said.get("state", ""))
    raise _unreadable("it holds neither a code nor an error")


def _parts(url: str) -> tuple[str, list[tuple[str, str]]]:
    try:
        # NOTE: only `&amp;` is undone, as it comes from page sources: `html.unescape` would also
        # read `&region=` as `®ion=` and spoil the code before it.
        parts = urlsplit(url.strip().replace("&amp;", "&"))
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=50)
        pairs += parse_qsl(parts.fragment, keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise _unreadable("it is no web address") from error
    return parts.path, pairs


def _words(text: str) -> str:
    return mask(unescape(text).strip())[:2000]


def _unreadable(why: str) -> BadInput:
    # NOTE: the address is not repeated: it may hold a code.
    return BadInput(
        "this is no answer of Salesforce's authorization",
        why=why,
        next_step="copy the whole address from the browser's address bar, or begin again",
    )
