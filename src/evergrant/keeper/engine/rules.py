"""What bounds the engine: leases, patience, waits and budgets; one value, set once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Every number of the engine; times in seconds."""

    lease_s: float = 20.0
    """How long the right to a refresh token lasts without a sign of life."""
    patience_s: float = 60.0
    """How long to wait for Salesforce's answer; the lease is lengthened meanwhile."""
    looks: int = 150
    """How often to look again while another worker has the right."""
    look_every_s: float = 0.2
    contended_s: tuple[float, float] = (0.2, 2.0)
    """How long to wait, by chance between the two, when the token is in use elsewhere."""
    commit_tries: int = 4
    """How often to try to commit an answer when the store fails."""
    commit_wait_s: float = 0.25
    """Before the second try; doubled each time."""
    first_wait_s: float = 15.0
    """After a request that failed, before a caller's next one; doubled each time."""
    longest_wait_s: float = 900.0
    host_rate: float = 50.0
    """Token requests a second to one login host, lasting."""
    host_burst: int = 200
    org_rate: float = 1.0
    """Token requests a second to one org, lasting: Salesforce counts 3,600 logins of a user an
    hour (Salesforce Help, Limitations on Logins)."""
    org_burst: int = 60
    trips: int = 5
    """So many failures of a login host in a row open its circuit."""
    open_s: float = 15.0
    """For so long, at first; doubled each time the host fails again."""
    longest_open_s: float = 300.0

    @property
    def beat_s(self) -> float:
        """Between two signs of life."""
        return self.lease_s / 3

    @property
    def start_s(self) -> float:
        """How soon after the claim a request must be sent: with the first sign of life after it,
        less than a lease, so that nobody takes over what is about to be sent."""
        return self.lease_s / 2
