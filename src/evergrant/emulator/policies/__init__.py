"""What an admin or a developer can set: every knob with its default, effect and source.

The dataclasses are the policies; `KNOBS` is drawn from them, so a knob cannot go undocumented.
Source keys are those of the protocol notes: o- official, c- Salesforce's code, t- third party.
"""

from typing import Final

from evergrant.emulator.policies.app import AppKind, AppPolicy, IpRelaxation
from evergrant.emulator.policies.knob import Hours, Knob, Range, SessionLevel, knobs_of
from evergrant.emulator.policies.org import OrgPolicy, ProfilePolicy

__all__ = [
    "KNOBS", "AppKind", "AppPolicy", "Hours", "IpRelaxation", "Knob", "OrgPolicy",
    "ProfilePolicy", "Range", "SessionLevel",
]  # fmt: skip

KNOBS: Final = {
    f"{knob.where}.{knob.name}": knob
    for knob in (
        *knobs_of("app", AppPolicy),
        *knobs_of("profile", ProfilePolicy),
        *knobs_of("org", OrgPolicy),
    )
}
