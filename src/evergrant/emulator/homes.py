"""Where an org is at home: its kind, company and My Domain, and the login host of its users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal["production", "sandbox", "scratch"]
Role = Literal["login", "test"]
"""The generic login hosts: production users belong to login., all others to test. (1.1)."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
GENERIC: Final[dict[str, Role]] = {"login.salesforce.com": "login", "test.salesforce.com": "test"}


class BadHome(ValueError):
    """No org is of that kind."""


@dataclass(frozen=True, slots=True)
class Home:
    """An org's place in the world; two orgs side by side differ in all of it but the kind."""

    name: str = "production"
    kind: Kind = "production"
    company: str = "Acme Manufacturing"
    my_domain: str = "acme"
    """The part of My Domain before .my.salesforce.com."""
    users: str = "acme.example"
    """What follows the @ in usernames; a sandbox appends its own name (inferred)."""
    salt: str = ""
    """What makes ids, passwords and tokens differ from those of another org of the same seed."""

    @property
    def role(self) -> Role:
        """The generic host that knows this org's users; a scratch org's is test. (inferred)."""
        return "login" if self.kind == "production" else "test"

    @property
    def is_sandbox(self) -> bool:
        """What Organization.IsSandbox says; that it is true of a scratch org is inferred."""
        return self.kind != "production"

    def seeded(self, seed: int) -> str:
        """What ids, passwords and tokens of this org are drawn from."""
        return f"{seed} {self.salt}" if self.salt else str(seed)

    @property
    def host(self) -> str:
        """The host name of My Domain."""
        return f"{self.my_domain}.my.salesforce.com"


_COMPANIES: Final = (
    ("Acme Manufacturing", "acme"), ("Borealis Freight", "borealis"), ("Cobalt Clinics", "cobalt"),
)  # fmt: skip


def homes(kinds: Sequence[str]) -> tuple[Home, ...]:
    """Homes for orgs side by side; the second of a kind is called `sandbox-2`; raises BadHome."""
    counted: Counter[str] = Counter()
    found = []
    for kind in kinds:
        counted[kind] += 1
        found.append(_home(kind, counted[kind]))
    return tuple(found)


def _home(kind: str, number: int) -> Home:
    name = kind if number == 1 else f"{kind}-{number}"
    match kind:
        case "production":
            company, domain = _company(number)
            salt = "" if number == 1 else name
            return Home(name, "production", company, domain, f"{domain}.example", salt)
        case "sandbox":
            copy = "uat" if number == 1 else f"uat{number}"
            domain = f"acme--{copy}.sandbox"
            return Home(name, "sandbox", _COMPANIES[0][0], domain, f"acme.example.{copy}", name)
        case "scratch":
            domain = f"scratch{number}"
            host = f"acme--{domain}.scratch"
            return Home(name, "scratch", _COMPANIES[0][0], host, f"{domain}.example", name)
        case _:
            raise BadHome(f"no org is a {kind or 'nothing'}; there are {', '.join(KINDS)}")


def _company(number: int) -> tuple[str, str]:
    if number <= len(_COMPANIES):
        return _COMPANIES[number - 1]
    return f"Customer {number}", f"customer{number}"
