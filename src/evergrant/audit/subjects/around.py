"""What stands around an app in its project and colours it: the org's settings, blocked apps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evergrant.audit.model import Place, Trait


@dataclass(frozen=True, slots=True)
class Blocked:
    """One BlacklistedConsumer: that it is there means blocked (inferred, org-model 1.3)."""

    consumer_key: str
    names: frozenset[str]
    place: Place


@dataclass(slots=True)
class Around:
    """The surroundings of one project's apps."""

    project: str
    now: datetime
    is_source: bool = True
    """Read from source, not retrieved from an org."""
    is_loose: bool = False
    org: Mapping[str, Trait] = field(default_factory=dict)
    blocked: list[Blocked] = field(default_factory=list)
    external: frozenset[str] = frozenset()
    """Plain names of external client apps."""
    labels: dict[str, str] = field(default_factory=dict)
    """How a label is heard → the label, of the apps that came before."""
