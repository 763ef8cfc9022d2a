"""The verbs of the house: connect, observe, check, diagnose, reauthorize, hold, prove, remove."""

from evergrant.keeper.api_keys import create_key, key_of, list_keys, revoke_key
from evergrant.keeper.authorize import connect_directly, reauthorize_directly
from evergrant.keeper.before import Gate, asked_for, before, look_before
from evergrant.keeper.branding import brand, branding_of
from evergrant.keeper.broker import Broker
from evergrant.keeper.by_time import by_time
from evergrant.keeper.check import Checked, check
from evergrant.keeper.choose import pause, release, remove, resume
from evergrant.keeper.configure import configure
from evergrant.keeper.deeds import deeds, did, latest_deeds
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
from evergrant.keeper.embedding import Guest, guest, link_for, mint
from evergrant.keeper.examine import examine
from evergrant.keeper.finish import finish, look_again_at_needs, no_callback, prove_flow
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
from evergrant.keeper.journey import again, cancel, journey, judged, prove_now, settle
from evergrant.keeper.keep_alive import set_keep_alive
from evergrant.keeper.keeper import Keeper, open_keeper
from evergrant.keeper.links import (
    holds_link,
    in_link,
    link_of_flow,
    links_of,
    make_link,
    open_link,
    revoke_link,
    walk_link,
)
from evergrant.keeper.look import (
    Case,
    Standing,
    case_of,
    integrations_of,
    overview,
    read_text,
    reading_of,
)
from evergrant.keeper.needs import (
    Need,
    confirm_step,
    expect,
    expected_by,
    last_needs,
    look_at_needs,
    needs_in,
)
from evergrant.keeper.observe import Observed, observe, observe_success, observe_text
from evergrant.keeper.operators import (
    invite,
    is_operator,
    role_of,
    session_name,
    sign_in,
    sign_out,
)
from evergrant.keeper.past import Holding, Past, Span, holdings_of, past_of
from evergrant.keeper.prove import prove
from evergrant.keeper.report import Report, list_incidents, report
from evergrant.keeper.restoring import Restored, back_up, mark_restored, restore
from evergrant.keeper.rotating import forget_keys, master_keys, rotate
from evergrant.keeper.syncs import Reported, report_sync, sync_errors
from evergrant.keeper.token_log import OPERATOR, TokenLog, token_log

__all__ = [
    "OPERATOR",
    "Begun",
    "Broker",
    "Brought",
    "Case",
    "Checked",
    "Examination",
    "Gate",
    "Guest",
    "Holding",
    "Keeper",
    "Looked",
    "Looking",
    "Means",
    "Need",
    "Observed",
    "Past",
    "Report",
    "Reported",
    "Restored",
    "Span",
    "Standing",
    "Started",
    "Token",
    "TokenLog",
    "Visit",
    "Watch",
    "Way",
    "afresh_token",
    "again",
    "asked_for",
    "back_up",
    "before",
    "begin",
    "begin_examination",
    "brand",
    "branding_of",
    "by_time",
    "cancel",
    "case_of",
    "check",
    "configure",
    "confirm_step",
    "connect_directly",
    "consult",
    "create_key",
    "deeds",
    "did",
    "examine",
    "expect",
    "expected_by",
    "finish",
    "flow_in",
    "flow_in_browser",
    "flow_of",
    "forget_keys",
    "fresh_token",
    "guest",
    "holdings_of",
    "holds_link",
    "in_link",
    "integrations_of",
    "invite",
    "is_operator",
    "journey",
    "judged",
    "key_of",
    "last_needs",
    "latest_deeds",
    "link_for",
    "link_of_flow",
    "links_of",
    "list_incidents",
    "list_keys",
    "look_again_at_needs",
    "look_at_needs",
    "look_before",
    "look_further",
    "make_link",
    "mark_restored",
    "master_keys",
    "mint",
    "needs_in",
    "no_callback",
    "observe",
    "observe_success",
    "observe_text",
    "open_keeper",
    "open_link",
    "org_of",
    "overview",
    "past_of",
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
    "report_sync",
    "restore",
    "resume",
    "resume_examination",
    "revoke_key",
    "revoke_link",
    "role_of",
    "rotate",
    "session_name",
    "set_keep_alive",
    "settle",
    "sign_in",
    "sign_out",
    "start",
    "subject_of",
    "sync_errors",
    "take_answer",
    "token_log",
    "visit",
    "walk_link",
]
