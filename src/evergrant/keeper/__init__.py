"""The verbs of the house: connect, observe, check, diagnose, reauthorize, hold, prove, remove."""

from evergrant.keeper.authorize import connect_directly, reauthorize_directly
from evergrant.keeper.by_time import by_time
from evergrant.keeper.check import Checked, check
from evergrant.keeper.choose import pause, release, remove, resume
from evergrant.keeper.configure import configure
from evergrant.keeper.doctor import (
    Looking,
    Means,
    Watch,
    consult,
    look_further,
    take_answer,
    visit,
)
from evergrant.keeper.doctor_checks import Looked, Way
from evergrant.keeper.doctor_visit import (
    Examination,
    Visit,
    begin_examination,
    resume_examination,
    subject_of,
)
from evergrant.keeper.examine import examine
from evergrant.keeper.finish import finish, no_callback, prove_flow
from evergrant.keeper.first import Brought
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
from evergrant.keeper.fresh import Token, afresh_token, fresh_token
from evergrant.keeper.journey import again, journey, judged, prove_now, settle
from evergrant.keeper.keep_alive import set_keep_alive
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
from evergrant.keeper.report import Report, list_incidents, report

__all__ = [
    "Begun",
    "Brought",
    "Case",
    "Checked",
    "Examination",
    "Keeper",
    "Looked",
    "Looking",
    "Means",
    "Observed",
    "Report",
    "Standing",
    "Started",
    "Token",
    "Visit",
    "Watch",
    "Way",
    "afresh_token",
    "again",
    "begin",
    "begin_examination",
    "by_time",
    "case_of",
    "check",
    "configure",
    "connect_directly",
    "consult",
    "examine",
    "finish",
    "flow_in",
    "flow_in_browser",
    "flow_of",
    "fresh_token",
    "integrations_of",
    "invite",
    "is_operator",
    "journey",
    "judged",
    "list_incidents",
    "look_further",
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
    "report",
    "resume",
    "resume_examination",
    "set_keep_alive",
    "settle",
    "sign_in",
    "sign_out",
    "start",
    "subject_of",
    "take_answer",
    "visit",
]
