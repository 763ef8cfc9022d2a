"""Deployments and retrieves as jobs: begun, asked about, canceled; their results as JSON.

A job runs at once, unless the org is told (org.deploy_polls) to let a deployment wait until it was
asked about so many times; nothing happens here by the passing of time alone.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import state
from evergrant.emulator.metadata.deploy import Options, Outcome, deploy
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.retrieve import Found, iso, retrieve
from evergrant.emulator.objects import stamp

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.metadata.deploy import Message
    from evergrant.emulator.metadata.manifest import Manifest
    from evergrant.emulator.org import Org

Json = dict[str, Any]
_DEPLOY: Final = "0Af"
_RETRIEVE: Final = "09S"
MAY: Final = frozenset({"ModifyMetadata", "ModifyAllData"})


def begin_deploy(org: Org, raw: bytes, options: Options, version: str, by: str) -> str:
    """Take a deployment in; gives its id. Raises Refused where it may not even begin."""
    is_sandbox = state.one(org.db, 'SELECT "IsSandbox" FROM "Organization"')
    if not options.rollback_on_error and not (is_sandbox and is_sandbox["IsSandbox"]):
        raise Refused("production")
    job = org.ids.new(_DEPLOY)
    with org.changing():
        blank = {**_begun(org, job, options, by), "status": "Pending", "done": False}
        waits = state.load_org(org.db).deploy_polls
        _save(org, job, blank, raw, {**asdict(options), "version": version, "by": by}, waits)
        if not waits:
            _run(org, job)
    return job


def deploy_result(org: Org, job: str) -> Json:
    """The result of a deployment so far (DeployResult); raises Refused for an unknown id."""
    with org.changing():
        row = _row(org, job, _DEPLOY)
        if row["waits"]:
            org.db.execute("UPDATE x_metadata_job SET waits = waits - 1 WHERE id = ?", (job,))
            if row["waits"] == 1:
                _run(org, job)
        return _result(_row(org, job, _DEPLOY))


def cancel_deploy(org: Org, job: str) -> Json:
    """Cancel a deployment that has not run; raises Refused where it has."""
    with org.changing():
        row = _row(org, job, _DEPLOY)
        if not row["waits"]:
            raise Refused("job_done", name=job)
        ended = {"status": "Canceled", "done": True, "success": False,
                 "completedDate": iso(stamp(org.clock.now()))}  # fmt: skip
        _save(org, job, {**_result(row), **ended}, b"", {}, 0)
        return _result(_row(org, job, _DEPLOY))


def _run(org: Org, job: str) -> None:
    row = _row(org, job, _DEPLOY)
    words = json.loads(row["words"])
    version, by = words.pop("version"), words.pop("by")
    options = Options(**words)
    outcome = deploy(org, row["content"], options, version, by)
    _save(org, job, {**_result(row), **_ended(org, outcome, options)}, b"", {}, 0)
    _trace(org, by, outcome)


def _begun(org: Org, job: str, options: Options, by: str) -> Json:
    now = iso(stamp(org.clock.now()))
    user = state.one(org.db, 'SELECT "Name" FROM "User" WHERE "Id" = ?', by)
    return {
        "id": job, "checkOnly": options.check_only, "ignoreWarnings": options.ignore_warnings,
        "rollbackOnError": options.rollback_on_error, "createdBy": by,
        "createdByName": user["Name"] if user is not None else "", "createdDate": now,
        "lastModifiedDate": now, "startDate": now, "success": False, "runTestsEnabled": False,
        "numberComponentErrors": 0, "numberComponentsDeployed": 0, "numberComponentsTotal": 0,
        "numberTestErrors": 0, "numberTestsCompleted": 0, "numberTestsTotal": 0,
        "details": {},
    }  # fmt: skip


def _ended(org: Org, outcome: Outcome, options: Options) -> Json:
    now = iso(stamp(org.clock.now()))
    failures = [_told(each, now) for each in outcome.messages if each.is_failure]
    successes = [_told(each, now) for each in outcome.messages if not each.is_failure]
    told = outcome.refused
    code = told.code or "UNKNOWN_EXCEPTION" if told is not None else ""
    error = {"errorMessage": told.message, "errorStatusCode": code} if told is not None else {}
    is_kept = not outcome.rolled_back or options.check_only
    return {
        **error, "done": True, "completedDate": now, "status": _status(outcome),
        "success": told is None and (not failures or not options.rollback_on_error),
        "numberComponentErrors": len(failures),
        "numberComponentsDeployed": len(successes) if is_kept else 0,
        "numberComponentsTotal": len(outcome.messages),
        "details": {
            "componentFailures": failures, "componentSuccesses": successes,
            "runTestResult": {"numFailures": 0, "numTestsRun": 0, "totalTime": 0.0},
        },
    }  # fmt: skip


def _status(outcome: Outcome) -> str:
    if outcome.refused is not None or (outcome.failures and outcome.rolled_back):
        return "Failed"
    return "SucceededPartial" if outcome.failures else "Succeeded"


def _told(each: Message, now: str) -> Json:
    found = {
        "changed": each.changed, "componentType": each.type, "created": each.created,
        "createdDate": now, "deleted": each.deleted, "fileName": each.file,
        "fullName": each.name or each.file, "success": not each.is_failure,
    }  # fmt: skip
    more = {"columnNumber": each.column, "lineNumber": each.line, "id": each.id,
            "problem": each.problem, "problemType": each.problem_type}  # fmt: skip
    return {**found, **{name: value for name, value in more.items() if value}}


def _trace(org: Org, by: str, outcome: Outcome) -> None:
    """The deployment as an attempt, with how well each problem's words are known."""
    problems = [
        {"component": each.name, "file": each.file, "problem": each.problem,
         "reason": each.reason, "mark": each.mark}
        for each in outcome.messages
        if each.problem
    ]  # fmt: skip
    told = outcome.refused
    if told is not None:
        problems = [
            {
                "component": "",
                "file": "",
                "problem": told.message,
                "reason": told.key,
                "mark": told.mark,
            }
        ]
    user = state.one(org.db, 'SELECT "Username" FROM "User" WHERE "Id" = ?', by)
    attempt: Json = {
        "at": stamp(org.clock.now()), "flow": "deploy", "app": None,
        "user": user["Username"] if user is not None else None, "source_ip": org.ip,
        "outcome": _status(outcome), "gate": None, "refusal": None, "steps": [],
        "problems": problems,
    }  # fmt: skip
    org.attempts.keep(lambda: attempt)


def begin_retrieve(org: Org, manifest: Manifest, version: str, permissions: frozenset[str]) -> str:
    """Retrieve what a manifest names; gives the job's id."""
    job = org.ids.new(_RETRIEVE)
    with org.changing():
        found = retrieve(org, manifest, version, permissions)
        _save(org, job, _retrieved(job, found), found.zip, {}, 0)
    return job


def _retrieved(job: str, found: Found) -> Json:
    return {
        "done": True, "fileProperties": list(found.properties), "id": job,
        "messages": list(found.messages), "status": "Succeeded", "success": True,
    }  # fmt: skip


def retrieve_result(org: Org, job: str, *, include_zip: bool) -> Json:
    """The result of a retrieve (RetrieveResult); the zip is handed out once."""
    with org.changing():
        row = _row(org, job, _RETRIEVE)
        content = row["content"] if include_zip else b""
        if content:
            org.db.execute("UPDATE x_metadata_job SET content = x'' WHERE id = ?", (job,))
        return {**_result(row), "zipFile": base64.b64encode(content).decode()}


def _save(org: Org, job: str, body: Json, raw: bytes, words: Json, waits: int) -> None:
    state.put(
        org.db, "x_metadata_job", id=job, body=json.dumps(body), content=raw,
        words=json.dumps(words), waits=waits,
    )  # fmt: skip


def _row(org: Org, job: str, prefix: str) -> Row:
    row = state.one(org.db, "SELECT * FROM x_metadata_job WHERE id = ?", job)
    if row is None or not job.startswith(prefix):
        raise Refused("no_job", name=job)
    return row


def _result(row: Row) -> Json:
    found: Json = json.loads(row["body"])
    return found
