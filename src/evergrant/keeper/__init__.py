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
from evergrant.keeper.declaring import declare_parts, edit_parts, parts_of
from evergrant.keeper.deeds import deeds, did, latest_deeds
from evergrant.keeper.doctor import (
    Means,
    consult,
    look_further,
    take_answer,
    visit,
)
from evergrant.keeper.doctor_checks import Looked, Looking, Watch
from evergrant.keeper.doctor_visit import (
    Examination,
    Visit,
    begin_examination,
    resume_examination,
    subject_of,
)
from evergrant.keeper.doctor_ways import Way
from evergrant.keeper.embedding import Guest, guest, link_for, mint
from evergrant.keeper.examine import examine
from evergrant.keeper.expected import expected_in, expected_next, org_of
from evergrant.keeper.finish import finish, look_again_at_needs, no_callback, prove_flow
from evergrant.keeper.first import Brought
from evergrant.keeper.fleet import Blast, Fleet, fleet_of
from evergrant.keeper.flows import (
    Begun,
    Started,
    any_flow,
    begin,
    flow_in,
    flow_in_browser,
    flow_of,
    start,
)
from evergrant.keeper.fresh import Token, afresh_token, fresh_token
from evergrant.keeper.integrations import (
    EDITABLE,
    Described,
    Edit,
    add_integration,
    all_described,
    described,
    edit_expectations,
    edit_integration,
)
from evergrant.keeper.journey import again, cancel, journey, judged, prove_now, settle
from evergrant.keeper.keep_alive import keep_alive_policy, set_keep_alive
from evergrant.keeper.keeper import Keeper, open_for_all, open_keeper
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
from evergrant.keeper.listing import Page, all_listed, choices, listed, names_of
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
    seat_of,
    session_name,
    sign_in,
    sign_out,
)
from evergrant.keeper.part_figures import PartFigures, figures_of
from evergrant.keeper.parts import PartHealth, health_of, is_watched
from evergrant.keeper.past import Holding, Past, Span, holdings_of, past_of
from evergrant.keeper.preflight_checks import Row
from evergrant.keeper.prove import prove
from evergrant.keeper.readiness import look_at_host, readiness
from evergrant.keeper.report import Report, list_incidents, report
from evergrant.keeper.restoring import (
    Restored,
    back_up,
    require_stopped,
    restore,
    restored_elsewhere,
)
from evergrant.keeper.rotating import forget_keys, master_keys, rotate
from evergrant.keeper.sitting import (
    Sitting,
    answer_sitting,
    begin_sitting,
    carry_out,
    sitting_of,
)
from evergrant.keeper.support import Support, support_bundle
from evergrant.keeper.syncs import Reported, report_sync, sync_errors
from evergrant.keeper.tenants import add_tenant, all_tenants, require_tenant, tenant_of_flow
from evergrant.keeper.token_log import OPERATOR, TokenLog, token_log
from evergrant.keeper.walk import Passed, Walked, start_of, walk_on

__all__ = [
    "EDITABLE",
    "OPERATOR",
    "Begun",
    "Blast",
    "Broker",
    "Brought",
    "Case",
    "Checked",
    "Described",
    "Edit",
    "Examination",
    "Fleet",
    "Gate",
    "Guest",
    "Holding",
    "Keeper",
    "Looked",
    "Looking",
    "Means",
    "Need",
    "Observed",
    "Page",
    "PartFigures",
    "PartHealth",
    "Passed",
    "Past",
    "Report",
    "Reported",
    "Restored",
    "Row",
    "Sitting",
    "Span",
    "Standing",
    "Started",
    "Support",
    "Token",
    "TokenLog",
    "Visit",
    "Walked",
    "Watch",
    "Way",
    "add_integration",
    "add_tenant",
    "afresh_token",
    "again",
    "all_described",
    "all_listed",
    "all_tenants",
    "answer_sitting",
    "any_flow",
    "asked_for",
    "back_up",
    "before",
    "begin",
    "begin_examination",
    "begin_sitting",
    "brand",
    "branding_of",
    "by_time",
    "cancel",
    "carry_out",
    "case_of",
    "check",
    "choices",
    "configure",
    "confirm_step",
    "connect_directly",
    "consult",
    "create_key",
    "declare_parts",
    "deeds",
    "described",
    "did",
    "edit_expectations",
    "edit_integration",
    "edit_parts",
    "examine",
    "expect",
    "expected_by",
    "expected_in",
    "expected_next",
    "figures_of",
    "finish",
    "fleet_of",
    "flow_in",
    "flow_in_browser",
    "flow_of",
    "forget_keys",
    "fresh_token",
    "guest",
    "health_of",
    "holdings_of",
    "holds_link",
    "in_link",
    "integrations_of",
    "invite",
    "is_operator",
    "is_watched",
    "journey",
    "judged",
    "keep_alive_policy",
    "key_of",
    "last_needs",
    "latest_deeds",
    "link_for",
    "link_of_flow",
    "links_of",
    "list_incidents",
    "list_keys",
    "listed",
    "look_again_at_needs",
    "look_at_host",
    "look_at_needs",
    "look_before",
    "look_further",
    "make_link",
    "master_keys",
    "mint",
    "names_of",
    "needs_in",
    "no_callback",
    "observe",
    "observe_success",
    "observe_text",
    "open_for_all",
    "open_keeper",
    "open_link",
    "org_of",
    "overview",
    "parts_of",
    "past_of",
    "pause",
    "prove",
    "prove_flow",
    "prove_now",
    "read_text",
    "readiness",
    "reading_of",
    "reauthorize_directly",
    "release",
    "remove",
    "report",
    "report_sync",
    "require_stopped",
    "require_tenant",
    "restore",
    "restored_elsewhere",
    "resume",
    "resume_examination",
    "revoke_key",
    "revoke_link",
    "rotate",
    "seat_of",
    "session_name",
    "set_keep_alive",
    "settle",
    "sign_in",
    "sign_out",
    "sitting_of",
    "start",
    "start_of",
    "subject_of",
    "support_bundle",
    "sync_errors",
    "take_answer",
    "tenant_of_flow",
    "token_log",
    "visit",
    "walk_link",
    "walk_on",
]
