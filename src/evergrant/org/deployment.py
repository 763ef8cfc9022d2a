"""Deploying metadata to an org: a package is handed over, waited for, and told of piece by piece.

SOAP Metadata API, `deploy()` and `checkDeployStatus()` (Metadata API Developer Guide); needs
Modify Metadata Through Metadata API Functions, or Modify All Data, and what a component's own page
in Setup needs.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree  # only read, never parsed here
from xml.sax.saxutils import escape

from evergrant.errors import Malformed
from evergrant.log import mask
from evergrant.model import Session
from evergrant.org.metadata_call import NAMESPACE, PAUSE_S, POLLS, named, own, say, text
from evergrant.wire import Conversation, Pause

MANIFESTS = frozenset({"package.xml", "destructiveChanges.xml", "destructiveChangesPost.xml"})


@dataclass(frozen=True, slots=True)
class Component:
    """What came of one component (DeployMessage)."""

    type: str
    name: str
    outcome: str
    """`created`, `changed`, `deleted`, `unchanged` or `failed`."""
    problem: str = ""
    """Salesforce's words; a warning where the component did not fail."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Deployed:
    """What came of a deployment (DeployResult)."""

    id: str
    status: str
    """Salesforce's word: `Succeeded`, `Failed`, `SucceededPartial`, `Canceled` …"""
    is_done: bool
    """Whether all of it was deployed, or would be where it was only checked."""
    components: tuple[Component, ...] = ()
    error: str = ""
    """Why nothing was tried at all, in Salesforce's words."""

    @property
    def failures(self) -> tuple[Component, ...]:
        """The components that were refused."""
        return tuple(each for each in self.components if each.outcome == "failed")


def deploy(session: Session, package: bytes, *, check_only: bool = False) -> Conversation[Deployed]:
    """Deploy a zip, all of it or nothing; warnings stop it, for they announce what is dangerous.

    With `check_only` the org says what would come of it and changes nothing.  Raises `Refused` with
    the fault's code and words (channel `soap`), `Malformed` when no end is seen in time, and what
    the network throws: after `OutcomeUnknown` the org may be deploying.
    """
    options = {
        "allowMissingFiles": False, "autoUpdatePackage": False, "checkOnly": check_only,
        "ignoreWarnings": False, "performRetrieve": False, "purgeOnDelete": False,
        "rollbackOnError": True, "singlePackage": True,
    }  # fmt: skip
    told = "".join(f"<{name}>{str(value).lower()}</{name}>" for name, value in options.items())
    body = (
        f'<deploy xmlns="{NAMESPACE}"><ZipFile>{base64.b64encode(package).decode()}</ZipFile>'
        f"<DeployOptions>{told}</DeployOptions></deploy>"
    )
    job = text((yield from say(session, body)), "id")
    for _ in range(POLLS):
        found = yield from say(session, _status(job))
        result = next(named(found, "result"), found)
        if own(result, "done") == "true":
            return _deployed(job, result)
        yield Pause(PAUSE_S, "waiting for the org's deployment")
    raise Malformed(
        f"the org did not finish the deployment {job} within {POLLS} polls",
        next_step="look at Setup > Deployment Status before doing anything else",
    )


def _status(job: str) -> str:
    return (
        f'<checkDeployStatus xmlns="{NAMESPACE}"><asyncProcessId>{escape(job)}</asyncProcessId>'
        "<includeDetails>true</includeDetails></checkDeployStatus>"
    )


def _deployed(job: str, result: ElementTree.Element) -> Deployed:
    error = mask(own(result, "errorMessage"))
    is_done = own(result, "success") == "true"
    return Deployed(job, own(result, "status"), is_done, tuple(_components(result)), error)


def _components(result: ElementTree.Element) -> Iterator[Component]:
    """The manifests are told of like components, and are none."""
    for kind in ("componentFailures", "componentSuccesses"):
        for each in named(result, kind):
            outcome = _outcome(each)
            is_manifest = own(each, "fileName").rpartition("/")[2] in MANIFESTS
            if not is_manifest or outcome == "failed":
                yield _component(each, outcome)


def _component(each: ElementTree.Element, outcome: str) -> Component:
    problem, line = mask(own(each, "problem")), own(each, "lineNumber")
    number = int(line) if line.isdigit() else 0
    return Component(own(each, "componentType"), own(each, "fullName"), outcome, problem, number)


def _outcome(each: ElementTree.Element) -> str:
    if own(each, "success") != "true":
        return "failed"
    words = ("created", "deleted", "changed")
    return next((word for word in words if own(each, word) == "true"), "unchanged")
