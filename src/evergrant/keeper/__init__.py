"""The verbs of the house: connect, observe, check, diagnose, reauthorize, hold, prove, remove."""

from evergrant.keeper.authorize import connect_directly, reauthorize_directly
from evergrant.keeper.check import Checked, check
from evergrant.keeper.choose import pause, release, remove, resume
from evergrant.keeper.configure import configure
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
from evergrant.keeper.journey import again, journey, judged, prove_now, settle
from evergrant.keeper.keeper import Keeper, open_keeper
from evergrant.keeper.look import (
    Case,
    Standing,
    case_of,
    integrations_of,
    overview,
    read_text,
    reading_of,
)
from evergrant.keeper.observe import Observed, observe, observe_success, observe_text
from evergrant.keeper.operators import invite, is_operator, sign_in, sign_out
from evergrant.keeper.prove import prove

__all__ = [
    "Begun",
    "Case",
    "Checked",
    "Keeper",
    "Observed",
    "Standing",
    "Started",
    "again",
    "begin",
    "case_of",
    "check",
    "configure",
    "connect_directly",
    "examine",
    "finish",
    "flow_in",
    "flow_in_browser",
    "flow_of",
    "integrations_of",
    "invite",
    "is_operator",
    "journey",
    "judged",
    "no_callback",
    "observe",
    "observe_success",
    "observe_text",
    "open_keeper",
    "org_of",
    "overview",
    "pause",
    "prove",
    "prove_flow",
    "prove_now",
    "read_text",
    "reading_of",
    "reauthorize_directly",
    "release",
    "remove",
    "resume",
    "settle",
    "sign_in",
    "sign_out",
    "start",
]
