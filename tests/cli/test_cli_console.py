"""The way into the console from the terminal."""

from __future__ import annotations

from pathlib import Path

import httpx2

from cli_kit import evergrant, running


def signs_in(link: str) -> bool:
    """Whether a link signs a fresh browser in."""
    with httpx2.Client(follow_redirects=True, timeout=60) as browser:
        return "Connections" in browser.get(link).text


def test_the_service_prints_a_link_that_signs_in_once_and_sign_in_prints_another(
    tmp_path: Path,
) -> None:
    with running("serve", "--port", "0", folder=tmp_path) as process:
        link = process.said(r"Sign in to the console: (http://\S+)")[1]
        process.said("Press Ctrl-C")
        assert signs_in(link)
        assert not signs_in(link)
        end = evergrant("sign-in", folder=tmp_path)
        assert (end.code, end.err) == (0, "")
        assert signs_in(end.out.strip())
        told = evergrant("sign-in", "--format", "json", folder=tmp_path)
        assert signs_in(told.json()["link"])


def test_without_a_service_there_is_nothing_to_sign_in_to(tmp_path: Path) -> None:
    end = evergrant("sign-in", folder=tmp_path)
    assert end.code == 4
    assert "not running" in end.err
