"""Login hosts: what a person writes becomes the one right origin, or a refusal that names it.

Salesforce's login hosts are the generic ones, a My Domain, and Experience Cloud sites
(Salesforce Help, OAuth Endpoints).  Everything else is refused unless the operator allows it by
name, because secrets are sent there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from evergrant.errors import HostRefused
from evergrant.oauth.lookalikes import right_host

PRODUCTION = "https://login.salesforce.com"
SANDBOX = "https://test.salesforce.com"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_NAME = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A partition is a word (`sandbox`, `develop`, `scratch` …); `na40` or `cs12` is a retired instance.
_PARTITION = r"(?:\.[a-z]+(?:-[a-z]+)*)?"
_LOGIN_HOST = re.compile(
    rf"(?:login|test)\.salesforce\.com|{_NAME}{_PARTITION}\.my\.salesforce\.com"
)
_SITE_HOST = re.compile(rf"{_NAME}{_PARTITION}\.my\.site\.com")
_SITE_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)*")
_TAIL = re.compile(r"/(?:s|login|services|secur)(?:/.*)?\Z", re.S)
"""What stands behind a site's own path in a pasted address (inferred from how sites are served)."""
_OWN_DOMAIN = "the org's My Domain: Setup > My Domain shows its login URL"
_WRITABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class _Address:
    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def login_host(
    text: str,
    *,
    allowed: tuple[str, ...] = (),
    production: str = PRODUCTION,
    sandbox: str = SANDBOX,
) -> str:
    """The origin to log in at, such as `https://acme.my.salesforce.com`; sites keep their path.

    `text` is a host name or address as people paste it, or one of the words *production* and
    *sandbox*, which stand for the operator's own settings of that name.  `allowed` names hosts
    outside Salesforce's domains (`host` or `host:port`, exactly); plain http is for loopback only.
    Raises `HostRefused`, with the right host as its next step where one can be told.
    """
    words = {"production": production, "sandbox": sandbox}
    word = text.strip()
    if chosen := words.get(word.lower()):
        own = (urlsplit(chosen).netloc.lower(),)
        return _origin(_address(chosen), (*allowed, *own))
    return _origin(_address(word), allowed)


def _origin(address: _Address, allowed: tuple[str, ...]) -> str:
    if address.netloc in {each.strip().lower() for each in allowed}:
        return _allowed(address)
    is_site = _SITE_HOST.fullmatch(address.host) is not None
    if not is_site and not _LOGIN_HOST.fullmatch(address.host):
        raise _refusal(address)
    if address.port is not None:
        raise HostRefused(
            f"{address.host} is a login host, but not on port {address.port}",
            next_step=f"use https://{address.host}",
        )
    return f"https://{address.host}{_site_path(address) if is_site else ''}"


def _allowed(address: _Address) -> str:
    if address.scheme == "http" and address.host not in LOOPBACK:
        raise HostRefused(
            f"{address.netloc} is allowed, but not over plain http",
            why="secrets would cross the network unencrypted",
            next_step=f"use https://{address.netloc}",
            whose="operator",
        )
    return f"{address.scheme}://{address.netloc}{_site_path(address)}"


def _site_path(address: _Address) -> str:
    path = _TAIL.sub("", address.path).rstrip("/")
    if not _SITE_PATH.fullmatch(path):
        raise HostRefused(
            f"{address.netloc} is a login host, but its path is no site's",
            next_step="give the site's address alone, such as https://acme.my.site.com/customers",
        )
    return path


def _refusal(address: _Address) -> HostRefused:
    known = right_host(address.host)
    if known is None:
        return HostRefused(
            f"{address.netloc} is no login host of Salesforce",
            why="secrets are only sent to login.salesforce.com, test.salesforce.com, a My Domain "
            "(*.my.salesforce.com) or an Experience Cloud site (*.my.site.com)",
            next_step="use the org's My Domain (Setup > My Domain); for a domain of your own, "
            f"the operator adds {address.netloc} to EVERGRANT_ALLOWED_HOSTS",
        )
    return HostRefused(
        f"{address.netloc} is no login host: {known.what}",
        why="Salesforce answers OAuth requests on login hosts only",
        next_step=f"use {known.host or _OWN_DOMAIN}",
    )


def _address(text: str) -> _Address:
    """Take an address apart, or refuse what two readers could take apart differently."""
    if not _WRITABLE.fullmatch(text) or "\\" in text:
        raise _unreadable("it holds spaces or characters that no login host has")
    try:
        return _checked(urlsplit(text if "://" in text else f"{_scheme(text)}://{text}"))
    except ValueError as error:
        raise _unreadable("it is no web address") from error


def _scheme(bare: str) -> str:
    """An address without a scheme means https, on this very machine http."""
    host = urlsplit(f"//{bare}").hostname
    return "http" if host in LOOPBACK else "https"


def _checked(parts: SplitResult) -> _Address:
    if parts.scheme not in ("https", "http"):
        raise _unreadable("its scheme is neither https nor http")
    if "@" in parts.netloc:
        raise _unreadable("it holds a user name or password before the host")
    host = (parts.hostname or "").removesuffix(".")
    if not host or "%" in host:
        raise _unreadable("it has no host")
    standard = {"https": 443, "http": 80}[parts.scheme]
    return _Address(
        parts.scheme, host, None if parts.port in (None, standard) else parts.port, parts.path
    )


def _unreadable(why: str) -> HostRefused:
    # NOTE: the text itself is not repeated; it may hold a password.
    return HostRefused(
        "the login host cannot be read",
        why=why,
        next_step="write it as https://acme.my.salesforce.com, or say production or sandbox",
    )
