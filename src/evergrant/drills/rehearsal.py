"""The place for trying out a repair: an emulated org with somebody's app, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar, assert_never

from evergrant import wire
from evergrant.drills.control import Control
from evergrant.drills.replayed import Client, Habits
from evergrant.emulator.server import Emulator
from evergrant.emulator.worlds import BARE
from evergrant.errors import BadInput
from evergrant.model import App as ClientApp
from evergrant.model import Secret
from evergrant.org.deployment import deploy
from evergrant.repair import apply
from evergrant.repair.course import words_of
from evergrant.repair.draft import SPACE
from evergrant.repair.edits import Add, Drop, Edit, Set, edited
from evergrant.repair.files import App, Component, Files, package
from evergrant.repair.kinds import CONNECTED, KINDS
from evergrant.repair.model import ByHand, Deployment, Mending, RecordChange, Step
from evergrant.testing.robot import Person
from evergrant.wire import Conversation

T = TypeVar("T")
ADDRESS: Final = "198.51.100.20"
USER: Final = "integration"
PROFILE: Final = "Standard User"
_LISTED = ("permissionSetName", "commaSeparatedPermissionSet")
_RUN_AS = {
    CONNECTED: "oauthConfig/oauthClientCredentialUser",
    "ExtlClntAppOauthConfigurablePolicies": "clientCredentialsFlowUser",
}
_BOUND = {
    CONNECTED: ("oauthConfig/certificate",),
    "ExternalClientApplication": ("orgScopedExternalApp",),
    "ExtlClntAppOauthSettings": ("oauthLink",),
    "ExtlClntAppGlobalOauthSettings": ("certificate",),
}
"""What an emulated org cannot hold as it is: another's key, another org's name."""
_PROFILES = {
    CONNECTED: "profileName",
    "ExtlClntAppOauthConfigurablePolicies": "commaSeparatedProfile",
}
"""Where an app lists profiles; the client's user has the one that is rehearsed with."""
_LABELS = {"Admin": "System Administrator", "Standard": "Standard User"}
"""Profiles whose name in metadata is another (org-model 1.5)."""
_KEPT = {"custom", "loginHours", "loginIpRanges", "userLicense", "userPermissions"}
"""What of a profile decides about logins; the rest names what an emulated org does not have."""
_BEGUN = frozenset({"Admin", "Standard", "Standard User", "System Administrator"})
"""Profiles that every org begins with."""


class Ground:
    """An emulated org with the app in it, and a client of it."""

    def __init__(self, control: Control, app: App, given: Mapping[str, str]) -> None:
        self.control, self.app = control, app
        self.session = control.session()
        self.given = dict(given)
        self.client: Client

    @property
    def profile(self) -> str:
        """The name in Setup of the user's profile."""
        name = self.given.get("profile", PROFILE)
        return _LABELS.get(name, name)

    def say(self, conversation: Conversation[T]) -> T:
        """Hold a conversation with the emulated org, by its clock."""
        return wire.run(conversation, clock=self.control.clock)

    def files(self) -> Files:
        """What the emulated org holds now."""
        profiles = [self.given["profile"]] if "profile" in self.given else []
        return self.say(apply.org_files(self.session, profiles))

    def carry_out(self, steps: Sequence[Step]) -> Iterator[str]:
        """Do what a program can do of a plan, and say the rest."""
        for step in steps:
            match step:
                case Deployment():
                    zipped = apply.package_of(step, self.files(), self.app.name)
                    yield from words_of(self.say(apply.carry_out(self.session, zipped)))
                case RecordChange():
                    is_new = self.say(apply.change_record(self.session, step))
                    yield f"{step.change.title}: {'done' if is_new else 'was so already'}"
                case ByHand():
                    yield f"by hand: {step.change.title}"
                case Mending():
                    yield "in the source only: nothing is deployed"
                case _:
                    assert_never(step)


@contextmanager
def ground_of(
    app: App, files: Files, given: Mapping[str, str], habits: Habits
) -> Iterator[Ground]:  # fmt: skip
    """An emulated org with an app of these files, and a client that comes so.

    Raises `BadInput` where the org does not take the files.
    """
    with Emulator(begins=BARE) as emulator:
        control = Control(emulator.control_url)
        try:
            ground = Ground(control, app, given)
            _people(ground, files)
            ground.client = client_of(ground, app.label, habits)
            if habits.address:
                control.act("set_ip", ip=habits.address)
            yield ground
        finally:
            control.close()


def _people(ground: Ground, files: Files) -> None:
    """Load everything into the org, and make the user whom the client serves."""
    control = ground.control
    control.act("set_org", connected_app_creation=True)
    control.act("set_ip", ip=ADDRESS)
    load(ground, _surroundings(ground, files))
    made = control.act("create_user", user=USER, profile=ground.profile)
    ground.given["user"] = str(made["username"])
    load(ground, [fit(each, ground) for each in ground.app.parts.values()])
    # What the plan will assign is not assigned yet.
    for name in {*_listed(ground.app)} - {_named_set(ground)}:
        control.act("assign_permission_set", user=USER, permission_set=name)


def _named_set(ground: Ground) -> str:
    """The permission set that the plan names."""
    return ground.given.get("permission_set", "")


def _surroundings(ground: Ground, files: Files) -> list[Component]:
    """Permission sets that the app or the plan names, the profile, and the org's settings."""
    wanted = {*_listed(ground.app)} | {_named_set(ground)}
    made = [
        files.find("PermissionSet", each) or _blank("PermissionSet", each, f"<label>{each}</label>")
        for each in sorted(wanted - {""})
    ]
    settings = [each for each in files.of("Settings") if each.name in apply.ORG_SETTINGS]
    return [*made, *_profile(files, ground.given.get("profile", "")), *settings]


def _profile(files: Files, name: str) -> Iterator[Component]:
    """The profile that was named, as far as it decides about logins; one that no file shows admits
    its users to the API."""
    found = files.find("Profile", name)
    if found is not None:
        names = {each.name for each in found.markup.root.children} - _KEPT
        edits: list[Edit] = [Drop(each) for each in sorted(names)]
        yield found.with_data(edited(found.data, [*edits, Set("userLicense", "Salesforce")]))
    elif name and name not in _BEGUN:
        inner = "<custom>true</custom><userLicense>Salesforce</userLicense><userPermissions>"
        inner += "<enabled>true</enabled><name>ApiEnabled</name></userPermissions>"
        yield _blank("Profile", name, inner)


def _blank(type_: str, name: str, inner: str) -> Component:
    kind = KINDS[type_]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    text = f'{head}<{type_} xmlns="{SPACE}">{inner}</{type_}>'
    return Component(kind, name, kind.path(name), text.encode())


def _listed(app: App) -> list[str]:
    told = (
        word for part in app.parts.values() for name in _LISTED for word in part.markup.values(name)
    )
    return [name.strip() for word in told for name in word.split(",") if name.strip()]


def fit(part: Component, ground: Ground) -> Component:
    """The part as an emulated org can hold it, for the user of the rehearsal."""
    type_ = part.kind.type
    edits: list[Edit] = [Drop(path) for path in _BOUND.get(type_, ())]
    run_as, profiles = _RUN_AS.get(type_, ""), _PROFILES.get(type_, "")
    if run_as and part.text(run_as):
        edits.append(Set(run_as, ground.given["user"]))
    if profiles and part.text(profiles):
        edits += [Drop(profiles), Add(profiles, ground.profile)]
    return part.with_data(edited(part.data, edits))


def load(ground: Ground, components: list[Component]) -> None:
    """Bring components into the org; raises `BadInput` where it refuses."""
    if not components:
        return
    deployed = ground.say(deploy(ground.session, package(components)))
    if not deployed.is_done:
        words = "; ".join(f"{each.name}: {each.problem}" for each in deployed.failures)
        raise BadInput(
            "the emulated org does not take the files", why=words or deployed.error,
            next_step="correct them first: the org would refuse them as well", whose="you",
        )  # fmt: skip


def client_of(ground: Ground, label: str, habits: Habits) -> Client:
    """A client of the app of that label, with its key and secret, and a person for it."""
    control, world = ground.control, ground.control.world()
    found = next(each for each in world["apps"] if each["label"] == label)
    key = secret = None
    if habits.way == "jwt_bearer":
        key = Secret(control.ask("GET", f"/key/{found['name']}")["private_key"])
    else:
        secret = Secret(found["consumer_secret"])
    app = ClientApp(found["consumer_key"], secret, key, (found["callbacks"] or [""])[0])
    user = next(each for each in world["users"] if each["username"] == ground.given["user"])
    person = Person(user["username"], user["password"])
    return Client(app, world["org"]["url"], person, habits, control.clock)
