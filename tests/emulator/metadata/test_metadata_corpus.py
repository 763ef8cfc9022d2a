"""Public metadata files, each deployed or refused for a reason that is a rule."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from evergrant.emulator.metadata.problems import TEXTS
from evergrant.emulator.stage import Stage
from metadata_corpus import corpus, prepare, reason, undone

FOLDER = Path(os.environ.get("EVERGRANT_SHARED", "../shared")) / "metadata"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(
        not FOLDER.exists(), reason=f"no metadata at {FOLDER}: set EVERGRANT_SHARED"
    ),
]
AS_PUBLISHED = {
    "deployed": 35,  # settings, permission sets, headers, two profiles, apps without a key
    "key_form": 52,  # keys are blotted out with words that no consumer key may have
    "no_profile": 13,  # standard profiles of licences that this org does not have
    "certificate": 10,  # certificates are blotted out
    "no_named": 7,  # profiles and permission sets of the publisher's org
    "no_app": 2,  # files of an external client app without its header
    "run_as": 1,  # the run-as user is blotted out
    "element": 1,  # an element that ConnectedApp does not have
}
AT_HOME = {"deployed": 120, "element": 1}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An org in which connected apps can still be made."""
    stage = Stage(7)
    stage.act("set_org", connected_app_creation=True)
    stage.save("begun")
    yield stage
    stage.close()


def test_every_public_file_deploys_or_is_refused_by_a_rule(stage: Stage) -> None:
    counted: Counter[str] = Counter()
    for file in corpus(FOLDER):
        stage.restore("begun")
        counted[reason(stage.org, [file], file.name) or "deployed"] += 1
    print(dict(counted))
    assert set(counted) - {"deployed"} <= set(TEXTS)
    assert counted == AS_PUBLISHED


def test_in_an_org_like_its_own_nearly_every_public_file_deploys(stage: Stage) -> None:
    counted: Counter[str] = Counter()
    for file in map(undone, corpus(FOLDER)):
        stage.restore("begun")
        files = prepare(stage.org, file)
        counted[reason(stage.org, files, file.name) or "deployed"] += 1
    print(dict(counted))
    assert counted == AT_HOME


def test_since_spring_26_no_public_connected_app_is_created(stage: Stage) -> None:
    for file in map(undone, corpus(FOLDER)):
        if file.type == "ConnectedApp":
            stage.restore("begun")
            files = prepare(stage.org, file)
            stage.act("set_org", connected_app_creation=False)
            assert reason(stage.org, files, file.name) in ("creation_off", "element")
