"""The verbs of the house: connect, observe, check, diagnose, reauthorize, hold, prove, remove."""

from evergrant.keeper.authorize import connect_directly, reauthorize_directly
from evergrant.keeper.check import Checked, check
from evergrant.keeper.choose import pause, release, remove, resume
from evergrant.keeper.examine import examine
from evergrant.keeper.finish import finish, no_callback, prove_flow
from evergrant.keeper.flows import (
    Begun,
    Started,
    begin,
    flow_in,
    flow_in_browser,
    flow_of,
    org_of,
    start,
)
from evergrant.keeper.keeper import Keeper, open_keeper
from evergrant.keeper.observe import Observed, observe, observe_text
from evergrant.keeper.prove import prove

__all__ = [
    "Begun",
    "Checked",
    "Keeper",
    "Observed",
    "Started",
    "begin",
    "check",
    "connect_directly",
    "examine",
    "finish",
    "flow_in",
    "flow_in_browser",
    "flow_of",
    "no_callback",
    "observe",
    "observe_text",
    "open_keeper",
    "org_of",
    "pause",
    "prove",
    "prove_flow",
    "reauthorize_directly",
    "release",
    "remove",
    "resume",
    "start",
]
