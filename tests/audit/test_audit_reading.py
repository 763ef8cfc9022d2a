"""What an audit reads: layouts, zips, single files; and what it keeps apart."""

import os
import zipfile
from pathlib import Path

import pytest

from evergrant.audit.model import Finding, Options, OrgRows, Report
from evergrant.audit.run import stream
from evergrant.audit.source.sniff import root_name
from rule_kit import NAMESPACE, NOW, app, laid_out, report

OIDC = (
    f"<OauthOidcSettings {NAMESPACE}>\n  <isPkceRequired>true</isPkceRequired>\n"
    "</OauthOidcSettings>\n"
)
HEADER = f"<ExternalClientApplication {NAMESPACE}><label>Ledger</label></ExternalClientApplication>"
POLICY = (
    f"<ExtlClntAppOauthConfigurablePolicies {NAMESPACE}>\n"
    "  <externalClientApplication>Ledger</externalClientApplication>\n"
    "  <ipRelaxationPolicyType>Bypass</ipRelaxationPolicyType>\n"
    "</ExtlClntAppOauthConfigurablePolicies>\n"
)


def rules_of(found: Report) -> set[str]:
    return {each.rule for each in found.findings if each.status == "fail"}


def the(found: Report, rule: str) -> Finding:
    return next(each for each in found.findings if each.rule == rule)


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_every_layout_gives_the_same_findings(tmp_path: Path) -> None:
    source = laid_out(tmp_path / "sfdx", {
        "sfdx-project.json": "{}",
        "force-app/main/default/connectedApps/Ledger.connectedApp-meta.xml": app(),
    })  # fmt: skip
    package = laid_out(tmp_path / "mdapi", {
        "package.xml": f"<Package {NAMESPACE}/>", "connectedApps/Ledger.connectedApp": app(),
    })  # fmt: skip
    single = laid_out(tmp_path, {"Ledger.connectedApp": app()}) / "Ledger.connectedApp"
    packed = zipped(tmp_path / "r.zip", {"unpackaged/connectedApps/Ledger.connectedApp": app()})
    found = [rules_of(report(each)) for each in (source, package, single, packed)]
    assert "full-scope" in found[0]
    assert all(each == found[0] for each in found)


def test_a_file_is_recognized_by_its_root_element_whatever_its_name(tmp_path: Path) -> None:
    laid_out(tmp_path, {"notes.txt": app(), "README.md": "<p>ConnectedApp</p>"})
    found = report(tmp_path)
    assert the(found, "full-scope").file.endswith("notes.txt")
    assert found.files == 1


def test_a_comment_or_declaration_before_the_root_hides_nothing() -> None:
    text = "\n<?xml version='1.0'?>\n<!-- <Profile> -->\n<met:ConnectedApp xmlns:met='x'>"
    assert root_name(text) == "ConnectedApp"


def test_a_finding_names_line_and_columns_of_its_element(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Ledger.connectedApp": app()})
    place = the(report(tmp_path), "full-scope").place
    assert (place.line, place.column, place.end_column) == (5, 5, 26)
    assert place.element == "oauthConfig/scopes"


def test_what_is_not_there_is_pointed_at_where_it_belongs(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Ledger.connectedApp": app()})
    found = the(report(tmp_path), "pkce-not-required")
    assert (found.place.line, found.place.column) == (4, 3)
    assert "default" in found.evidence[0].quote


def test_elements_on_one_line_are_told_apart(tmp_path: Path) -> None:
    laid_out(tmp_path, {"L.connectedApp": app(oauth="<scopes>Api</scopes><scopes>Full</scopes>")})
    assert the(report(tmp_path), "full-scope").column == 25


def test_a_start_tag_over_two_lines_and_a_comment_do_not_move_the_place(tmp_path: Path) -> None:
    text = app(oauth="<!-- <scopes>Full</scopes>\n -->\n    <scopes\n    >Full</scopes>")
    laid_out(tmp_path, {"L.connectedApp": text})
    place = the(report(tmp_path), "full-scope").place
    assert (place.line, place.column) == (7, 5)


def test_pieces_of_an_external_client_app_are_joined_by_what_they_say(tmp_path: Path) -> None:
    laid_out(tmp_path, {"a/sfdx-project.json": "{}", "a/x/one.eca": HEADER.replace("Ledger<", "L<"),
                        "a/y/Other.ecaOauthPlcy": POLICY})  # fmt: skip
    (tmp_path / "a/x/one.eca").rename(tmp_path / "a/x/Ledger.eca")
    found = report(tmp_path)
    assert found.apps == 1
    assert the(found, "ip-relaxed").app == "L"


def test_org_settings_colour_the_apps_of_their_project_only(tmp_path: Path) -> None:
    laid_out(tmp_path, {
        "one/connectedApps/A.connectedApp": app("A app"), "one/settings/OauthOidc.settings": OIDC,
        "two/connectedApps/B.connectedApp": app("B app"),
    })  # fmt: skip
    found = report(tmp_path)
    assert {e.app for e in found.findings if e.rule == "pkce-not-required"} == {"B app"}


def test_files_under_no_common_root_are_judged_apart(tmp_path: Path) -> None:
    laid_out(tmp_path, {"A.connectedApp": app("A app"), "OauthOidc.settings": OIDC})
    assert "pkce-not-required" in rules_of(report(tmp_path))


def test_zero_files_found_is_said_and_is_no_pass(tmp_path: Path) -> None:
    laid_out(tmp_path, {"main.py": "print()"})
    found = report(tmp_path)
    assert found.is_empty
    assert [each.is_fatal for each in found.problems] == [True]
    assert "nothing was judged" in found.problems[0].what


def test_a_path_that_does_not_exist_is_fatal_and_others_go_on(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Ledger.connectedApp": app()})
    found = report([tmp_path / "nowhere", tmp_path])
    assert found.problems[0].is_fatal
    assert "full-scope" in rules_of(found)


def test_a_named_file_that_is_nothing_we_read_is_refused_loudly(tmp_path: Path) -> None:
    laid_out(tmp_path, {"x.xml": "<Layout/>"})
    assert "Layout" in report(tmp_path / "x.xml").problems[0].what


def test_a_missing_piece_leaves_its_rules_unknown_and_not_passed(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Ledger.eca": HEADER})
    found = report(tmp_path)
    unknown = the(found, "ip-relaxed")
    assert unknown.status == "unknown"
    assert "OAuth policies is not there" in unknown.reason
    assert found.tallies["ip-relaxed"].passed == 0


def test_rules_without_evidence_are_named_with_what_they_need(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Ledger.connectedApp": app()})
    needs = {each.by.id: each.needs for each in report(tmp_path).unjudged}
    assert needs["approvals-near-limit"] == "the org's OauthToken rows"
    assert "full-scope" not in needs


def test_a_saml_app_has_no_oauth_to_judge(tmp_path: Path) -> None:
    inner = "<label>SSO</label><contactEmail>a@b.c</contactEmail>"
    text = f"<ConnectedApp {NAMESPACE}>{inner}</ConnectedApp>"
    laid_out(tmp_path, {"Sso.connectedApp": text})
    assert rules_of(report(tmp_path)) == {"description-missing"}


def test_each_missing_permission_is_named_once_with_what_it_hides() -> None:
    hidden = {"OauthToken": "Customize Application", "User": "Customize Application",
              "LoginHistory": "Monitor Login History"}  # fmt: skip
    found = report([], OrgRows("prod", {"OauthToken": ()}, hidden))
    told = {each.what: each.hides for each in found.problems}
    assert sum("Customize Application" in what for what in told) == 1
    assert "TOK-08" in next(h for w, h in told.items() if "OauthToken" in w)
    assert "EVT-02" in next(h for w, h in told.items() if "Monitor" in w)
    assert found.tallies == {}


def test_a_stream_gives_the_findings_of_the_report(tmp_path: Path) -> None:
    laid_out(tmp_path, {"Ledger.connectedApp": app()})
    streamed = {each.fingerprint for each in stream([tmp_path], None, Options(now=NOW))}
    assert streamed == {each.fingerprint for each in report(tmp_path).findings}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_within_the_tree_are_read_and_those_out_of_it_reported(tmp_path: Path) -> None:
    outside = laid_out(tmp_path / "outside", {"Secret.connectedApp": app()})
    tree = laid_out(tmp_path / "tree", {"Ledger.connectedApp": app()})
    (tree / "away.connectedApp").symlink_to(outside / "Secret.connectedApp")
    (tree / "folder").symlink_to(outside)
    (tree / "loop").symlink_to(tree)
    (tree / "dangling.xml").symlink_to(tree / "gone.xml")
    found = report(tree)
    assert found.files == 1
    assert sum("leads out" in each.what for each in found.problems) == 3
