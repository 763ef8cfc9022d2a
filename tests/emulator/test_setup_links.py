"""Every Setup page that the catalog sends people to is there and bears what the fix names."""

import re
import tomllib
from collections.abc import Iterator
from html import unescape
from importlib.resources import files
from typing import Any

import pytest

from evergrant.emulator.setup.index import NOT_BUILT
from setup_robot import Robot

DETAILS = re.compile(r"^(the (app|user|profile)|Setup)$")
"""Steps of a path that name a record, not a control."""
NO_CONTROL = {"Password Policies"}
"""Controls that are known and not built."""
PARTS = re.compile(r" > |, then | and (?=Policies)")


def fixes() -> Iterator[Any]:
    """Every fix with a link, as it stands in the catalog's files."""
    causes = files("evergrant.catalog").joinpath("causes").iterdir()
    for each in sorted(causes, key=lambda file: file.name):
        if each.name.endswith(".toml"):
            for number, fix in enumerate(tomllib.loads(each.read_text("utf-8")).get("fix", ())):
                if "link" in fix:
                    yield pytest.param(fix, id=f"{each.name.removesuffix('.toml')}-{number}")


def reached(robot: Robot, link: str) -> str:
    """The words of a page and of the pages about single records that it leads to, two steps on."""
    words, todo, seen = "", [(link, 0)], set()
    while todo:
        path, depth = todo.pop(0)
        if path in seen:
            continue
        seen.add(path)
        here = robot.open(path)
        main = here.text.partition("<main")[2].partition("</main>")[0]
        words += " " + " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
        links = re.findall(r'href="([^"#?]+)', main) if depth < 2 else []
        todo += [
            (str(here.answer.url.join(one)).removeprefix(robot.emulator.url), depth + 1)
            for one in dict.fromkeys(links)
            if not one.endswith("/home")
        ]
    return words.casefold()


@pytest.fixture(scope="module")
def words_of() -> dict[str, str]:
    """What was read before: the world is the same for every fix."""
    return {}


@pytest.mark.parametrize("fix", list(fixes()))
def test_the_link_of_a_fix_is_a_page_that_bears_the_named_control(
    admin: Robot, fix: dict[str, str], words_of: dict[str, str]
) -> None:
    name = fix["link"].split("/")[3]
    answer = admin.open(fix["link"]).answer
    if name in NOT_BUILT:
        assert answer.status_code == 501
        return
    assert answer.status_code == 200
    if fix["link"] not in words_of:
        words_of[fix["link"]] = reached(admin, fix["link"])
    for part in PARTS.split(fix["where"]):
        if not DETAILS.match(part) and part not in NO_CONTROL:
            assert part.casefold() in words_of[fix["link"]], f"{part} is not on {fix['link']}"
