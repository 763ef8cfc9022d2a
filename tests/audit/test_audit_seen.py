"""What clients were seen to do, and what the register says, through the command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evergrant import cli
from evergrant.audit.register import read_register
from evergrant.errors import BadInput
from evergrant.evidence.audit_requests import requests_in
from evergrant.evidence.given.document import Document
from rule_kit import app, laid_out

KEY = "3MVG9ledger0001"
AUTHORIZE = (
    "https://login.salesforce.com/services/oauth2/authorize?response_type=code"
    f"&client_id={KEY}&redirect_uri=https%3A%2F%2Fledger.acme.io%2Fcallback%2F"
)
OAUTH = (
    f"<consumerKey>{KEY}</consumerKey><isPkceRequired>true</isPkceRequired>"
    "<callbackUrl>https://ledger.acme.io/callback</callbackUrl><scopes>Api</scopes>"
)


def har(*urls: str) -> str:
    entries = [
        {"request": {"method": "GET", "url": url, "headers": []}, "response": {"status": 302}}
        for url in urls
    ]
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command, in this process: how it ends, and what it prints."""

    def call(*arguments: str | Path) -> tuple[int, str]:
        code = cli.run(["audit", "--format", "json", *map(str, arguments)])
        return code, capsys.readouterr().out

    return call


def rules(printed: str) -> set[str]:
    return {each["rule"] for each in json.loads(printed)["findings"]}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return laid_out(tmp_path, {
        "Ledger.connectedApp": app(oauth=OAUTH), "seen/flow.har": har(AUTHORIZE),
        "seen/apps.toml": '[[app]]\nname = "Ledger Sync"\nstanding = "banned"\nowner = "sec"\n',
    })  # fmt: skip


def test_a_callback_in_use_that_is_not_registered_is_found_from_a_har_file(
    run: Run, files: Path
) -> None:
    _, printed = run(files / "Ledger.connectedApp", "--requests", files / "seen/flow.har")
    assert {"callback-not-registered", "pkce-required-client-sends-none"} <= rules(printed)
    assert KEY not in printed


def test_the_app_of_a_request_is_told_by_its_key_and_no_other_is_blamed(
    run: Run, files: Path
) -> None:
    (files / "seen/flow.har").write_text(har(AUTHORIZE.replace(KEY, "3MVG9other")))
    _, printed = run(files / "Ledger.connectedApp", "--requests", files / "seen/flow.har")
    assert "callback-not-registered" not in rules(printed)


def test_a_command_tells_as_a_har_file_does(files: Path) -> None:
    (files / "seen/call.txt").write_text(
        "first\n\ncurl https://login.salesforce.com/services/oauth2/token"
        f" -d grant_type=password -d client_id={KEY} -d password=hunter2\n\n"
        f"curl '{AUTHORIZE}&code_challenge=abc'\n"
    )
    rows = requests_in([Document.of_text((files / "seen/call.txt").read_text())])
    assert [row.get("grant_type", row.get("response_type")) for row in rows] == ["password", "code"]
    assert rows[1]["code_challenge"] == "there"
    assert "hunter2" not in str(rows)


def test_a_banned_app_in_use_is_critical(run: Run, files: Path) -> None:
    code, printed = run(
        files / "Ledger.connectedApp", "--requests", files / "seen/flow.har",
        "--register", files / "seen/apps.toml",
    )  # fmt: skip
    assert "app-banned" in rules(printed)
    assert code == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[app]]\nname = 'A'\nstanding = 'fine'\nowner = 'x'\n", "line 3: standing is 'fine'"),
        ("[[app]]\nname = 'A'\nstanding = 'banned'\n", "'owner' is missing"),
        ("[[apps]]\n", "nobody knows the key 'apps'"),
        ("[[app\n", "line 1: not TOML"),
    ],
)
def test_a_register_that_is_not_what_it_should_be_is_refused_with_its_line(
    text: str, words: str
) -> None:
    with pytest.raises(BadInput, match=r"apps\.toml, line \d") as told:
        read_register("apps.toml", text)
    assert words in told.value.what


def test_a_missing_file_of_requests_is_refused(run: Run, files: Path) -> None:
    code, _ = run(files / "Ledger.connectedApp", "--requests", files / "nowhere.har")
    assert code == 2
