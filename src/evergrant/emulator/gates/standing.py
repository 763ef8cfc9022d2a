"""Gates on how the app stands in this org: there, let in, switched on, installed."""

from evergrant.emulator.gates.attempt import DEVICE, Attempt, UserFacts
from evergrant.emulator.gates.rules import has_come, is_under_access_control
from evergrant.emulator.gates.verdict import NotApplicable, Passed, Refused, Verdict, on_app, unless
from evergrant.emulator.policies import AppPolicy


@on_app
def app_in_org(_attempt: Attempt, app: AppPolicy) -> Verdict:
    """An external client app is of this very org, or its package is installed here."""
    if app.kind != "external_client_app":
        return NotApplicable("not an external client app")
    refusal = "cross_org" if app.distribution == "Local" else "eca_not_found"
    why = f"the app is not in this org, and its distribution is {app.distribution}"
    return unless(not app.in_org, refusal, why, "the app is in this org")


@on_app
def app_blocked(_attempt: Attempt, app: AppPolicy) -> Verdict:
    """No admin blocked the app, by the button or by the session policy Block."""
    return unless(
        app.blocked or app.session_action == "Block", "app_blocked", "an admin blocked the app",
        "the app is not blocked",
    )  # fmt: skip


@on_app
def app_enabled(_attempt: Attempt, app: AppPolicy) -> Verdict:
    """An external client app is switched on, and its OAuth plugin with it."""
    if app.kind != "external_client_app":
        return NotApplicable("only external client apps have the switches")
    if not app.enabled:
        return Refused("app_disabled", "the app is switched off")
    return unless(
        not app.oauth_enabled, "oauth_plugin_off", "the app's OAuth plugin is switched off",
        "the app is switched on",
    )  # fmt: skip


@on_app
def api_access_control(attempt: Attempt, app: AppPolicy) -> Verdict:
    """Where API Access Control is on: the app is on its list, or the user may use any client."""
    if attempt.user is None:
        return NotApplicable("nobody is signed in yet")
    if not is_under_access_control(attempt.org, is_external=attempt.user.is_external):
        return NotApplicable("API Access Control is off for this kind of user")
    may_use_any = "UseAnyApiClient" in attempt.user.permissions
    return unless(
        not (app.api_allowlisted or may_use_any), "api_access_control",
        "the app is not on the list of API Access Control", "the app is on the list",
    )  # fmt: skip


@on_app
def uninstalled_restriction(attempt: Attempt, app: AppPolicy) -> Verdict:
    """The app is installed, or this user approved it before or may approve such apps."""
    if app.installed or not attempt.org.uninstalled_restriction:
        return Passed("the app is installed, or the org does not ask")
    if attempt.user is None:
        return NotApplicable("nobody is signed in yet")
    kept = attempt.approvals.live - attempt.approvals.live_by_device
    if kept > 0 and attempt.flow not in DEVICE:
        return Passed("not installed, but this user authorized it before")
    return unless(
        not _may_approve_uninstalled(attempt, attempt.user), "app_uninstalled",
        "the app is not installed and the user may not approve such apps",
        "the user may approve apps that are not installed",
    )  # fmt: skip


def _may_approve_uninstalled(attempt: Attempt, user: UserFacts) -> bool:
    """By the permission of that name; until December 2025 also by Use Any API Client.

    The latter counts under API Access Control only (o-kb5228838).
    """
    if "CanApproveUninstalledApps" in user.permissions:
        return True
    is_bound = is_under_access_control(attempt.org, is_external=user.is_external)
    is_over = has_come(attempt.org.any_api_client_ends, attempt.at)
    return is_bound and not is_over and "UseAnyApiClient" in user.permissions
