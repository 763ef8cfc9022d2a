"""The sample of each flow, in Python and in JavaScript, run against a served org."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sample_kit
from evergrant.emulator.policies import AppKind
from evergrant.testing import SalesforceOrg, emulated_org
from evergrant.testing.flows import FLOWS
from sample_kit import SAMPLES, Stand

pytestmark = pytest.mark.slow
BOTH = [
    f"{folder}/{name}{suffix}"
    for folder, suffix in (("python", ".py"), ("js", ".mjs"))
    for name, sample in SAMPLES.items()
    if folder == "python" or sample.js
]
REFUSED = {
    "refresh_token": "app_blocked: ",
    "client_credentials": "app_blocked: ",
    "jwt_bearer": "app_blocked: ",
    "device": "app_blocked: ",
}
"""What a sample says where the admin blocked its app."""


@pytest.fixture(scope="module")
def served() -> Iterator[SalesforceOrg]:
    with emulated_org(served=True) as made:
        yield made


@pytest.fixture
def stand(served: SalesforceOrg, tmp_path: Path) -> Callable[[str], Stand]:
    """Makes the org that a sample needs."""
    served.reset()

    def make(name: str) -> Stand:
        sample = SAMPLES[name]
        ann = served.user("ann")
        kind: AppKind = (
            "connected_app" if FLOWS[sample.flow].only_connected_app else "external_client_app"
        )
        app = served.app(
            "Sample", flows=[sample.flow], kind=kind, callback=sample_kit.free_callback(),
            **sample.knobs,
        )  # fmt: skip
        return Stand(served, app, ann, tmp_path)

    return make


def need_node(path: str) -> None:
    if path.endswith(".mjs") and shutil.which("node") is None:
        pytest.skip("NOT TESTED: there is no node to run it")


@pytest.mark.parametrize("path", BOTH)
def test_a_sample_connects_as_the_user_and_login_history_says_so(
    stand: Callable[[str], Stand], path: str
) -> None:
    need_node(path)
    name = Path(path).stem
    sample, made = SAMPLES[name], stand(name)
    words = sample.needs(made)
    code, said = sample_kit.run(sample_kit.FLOWS / path, made, words, sample)
    assert (code, said.splitlines()[-1] in (sample.ends, "refresh token: yes")) == (0, True), said
    assert sample.ends in said
    newest = made.org.login_history()[-1]
    assert (newest.status, newest.user, newest.application) == (
        "Success", "ann@acme.example", "Sample",
    )  # fmt: skip


@pytest.mark.parametrize(
    "path", [path for path in BOTH if Path(path).stem in REFUSED], ids=lambda path: path
)
def test_a_sample_says_in_salesforces_words_why_it_was_refused(
    stand: Callable[[str], Stand], path: str
) -> None:
    need_node(path)
    name = Path(path).stem
    sample, made = SAMPLES[name], stand(name)
    words = sample.needs(made)
    made.app.block()
    code, said = sample_kit.run(sample_kit.FLOWS / path, made, words, sample)
    assert code == 1, said
    assert REFUSED[name] in said


@pytest.mark.parametrize("path", BOTH)
def test_no_sample_prints_a_token(path: str) -> None:
    text = (sample_kit.FLOWS / path).read_text("utf-8")
    printed = [line for line in text.splitlines() if "print(" in line or "console." in line]
    assert printed
    assert [line for line in printed if "access_token}" in line or "refresh_token}" in line] == []


def test_every_sample_is_run_and_there_is_one_for_each_flow() -> None:
    held = {str(path.relative_to(sample_kit.FLOWS)) for path in sample_kit.FLOWS.glob("*/*.*")}
    assert held == set(BOTH)
    assert {each.flow for each in SAMPLES.values()} == set(FLOWS)
