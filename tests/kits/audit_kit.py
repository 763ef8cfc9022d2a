"""Findings and reviews made by hand: what outputs are given, without reading a file."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from evergrant.audit.model import Finding, Place, Problem, Report, Trait, Unjudged
from evergrant.catalog.condition import Condition
from evergrant.catalog.entries import Fix, Source
from evergrant.catalog.rules import Clause, Kind, Rule, Severity

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SARIF_SCHEMA = Path(__file__).resolve().parents[1] / "audit" / "sarif-2.1.0-rtm.5.json"
"""As `@microsoft/jest-sarif` (MIT) carries it."""
HOSTILE = 'a<b>&"c" | *d* `e` [f](g) \x07 \u202e ]]> </script>'


def rule(id_: str, code: str, kind: Kind = "risk", severity: Severity = "high") -> Rule:
    """A rule that nothing judges by."""
    return Rule(
        id=id_,
        code=code,
        title=f"What {id_.replace('-', ' ')} is about",
        kind=kind,
        severity=severity,
        confidence="high",
        subject="app",
        applies=(),
        when=(Clause("app.rotation", Condition("is", "false")),),
        message="m",
        why="It matters because of this.",
        fixes=(Fix("Salesforce admin", "change the setting", "rotation", "Setup > Apps"),),
        sources=(Source("https://help.salesforce.com/a", "vendor-doc", TODAY),),
        examples=(),
        tags=("SBS-1",),
    )


def finding(by: Rule, file: str = "apps/Orbit.connectedApp", line: int = 7, **more: Any) -> Finding:
    """A finding of that rule in a file."""
    given: dict[str, Any] = {
        "status": "fail",
        "message": f"{by.id} is wrong here.",
        "severity": by.severity,
        "confidence": by.confidence,
        "subject": "app",
        "name": "Orbit",
        "app": "Orbit Sync",
        "app_kind": "connected app",
        "project": "apps",
        "place": Place(file, line, 5, 40, "oauthConfig/scopes"),
        "evidence": (Trait("app.full_scope", True, "derived", quote="Full"),),
    }
    return Finding(by, **{**given, **more})


BREAKS = rule("refresh-policy-zero", "TOK-01", "breaks", "high")
RISK = rule("full-scope", "SCO-01", "risk", "high")
LOOSE = rule("pkce-not-required", "CLI-01", "risk", "medium")
HYGIENE = rule("no-description", "SRC-07", "hygiene", "low")


def report(*findings: Finding, **more: Any) -> Report:
    """A report of those findings."""
    given: dict[str, Any] = {
        "files": 3,
        "apps": 2,
        "projects": ("apps",),
        "at": NOW,
        "unjudged": (Unjudged(rule("ip-outside", "NET-03", "breaks"), "the org's LoginHistory"),),
        "problems": (Problem(Place("apps/broken.xml", 3, 9), "not well-formed", "what it holds"),),
    }
    return Report(findings, **{**given, **more})


def sample() -> Report:
    """One of everything: five places of one rule, an unknown, an org's finding, hostile words."""
    files = [f"apps/App{number}.connectedApp" for number in range(5)]
    scopes = (finding(RISK, file, 11, name=f"App{n}") for n, file in enumerate(files))
    unknown = finding(LOOSE, status="unknown", reason="The file could not be read.", line=9)
    of_org = finding(BREAKS, name="Orbit in the org", place=Place(), project="org")
    odd = finding(HYGIENE, "odd dir/ü %41.zip!app/O'rbit.xml", app=HOSTILE, message=HOSTILE)
    return report(finding(BREAKS), of_org, *scopes, unknown, odd)


@cache
def _sarif_validator() -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(json.loads(SARIF_SCHEMA.read_text("utf-8")))


def sarif_complaints(log: Any) -> list[str]:
    """What the schema of SARIF 2.1.0 has to say against a log."""
    errors = _sarif_validator().iter_errors(log)
    return [f"{list(each.absolute_path)}: {each.message[:200]}" for each in errors]


LOOSE_APP = """<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <contactEmail>a@acme.example</contactEmail>
    <label>Orbit Sync</label>
    <oauthConfig>
        <callbackUrl>https://orbit.example/cb</callbackUrl>
        <scopes>Full</scopes>
        <scopes>RefreshToken</scopes>
    </oauthConfig>
    <oauthPolicy>
        <ipRelaxation>BYPASS</ipRelaxation>
        <refreshTokenPolicy>zero</refreshTokenPolicy>
    </oauthPolicy>
</ConnectedApp>
"""
"""An app that lets in too many, and loses its refresh tokens at once."""
TIGHT_APP = """<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <contactEmail>a@acme.example</contactEmail>
    <description>Posts invoices.</description>
    <label>Ledger</label>
    <oauthConfig>
        <callbackUrl>https://ledger.example/cb</callbackUrl>
        <isAdminApproved>true</isAdminApproved>
        <isPkceRequired>true</isPkceRequired>
        <isRefreshTokenRotationEnabled>true</isRefreshTokenRotationEnabled>
        <scopes>Api</scopes>
        <scopes>RefreshToken</scopes>
    </oauthConfig>
    <oauthPolicy>
        <ipRelaxation>ENFORCE</ipRelaxation>
        <refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy>
    </oauthPolicy>
</ConnectedApp>
"""
"""An app that admits nobody."""
