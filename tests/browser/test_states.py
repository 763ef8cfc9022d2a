"""No page of the console is left out by axe-core: each has a state that a browser test looks at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from every_page import ELSE, NOWHERE, routes
from page_states import ELSEWHERE, require_place, states

SOURCES = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
TOLD = {name for names in states().values() for name in names}


def test_every_page_of_the_console_has_a_state_that_is_looked_at() -> None:
    assert routes() - set(ELSE) | {NOWHERE} <= {page for page, names in states().items() if names}


def test_every_state_that_is_told_is_one_that_a_test_looks_at() -> None:
    assert {name for name in TOLD if f'"{name}"' not in SOURCES} == set()
    assert set(states()) - {ELSEWHERE, NOWHERE} <= routes()


def test_every_state_that_a_test_looks_at_is_told() -> None:
    looked = set(re.findall(r'(?:seen|screenshot)\((?:\w+, )?"([\w-]+)"', SOURCES))
    assert looked - TOLD == set(), "name its page in tests/kits/states.toml"


def test_a_state_at_another_page_than_was_told_is_noticed() -> None:
    require_place("doctor", "http://127.0.0.1:1/connections/con_1/doctor?a=b")
    require_place("embed-admin", "http://127.0.0.1:1/as/ada")
    with pytest.raises(AssertionError, match="not at /connections/con_1"):
        require_place("doctor", "http://127.0.0.1:1/connections/con_1")
