"""The pictures of Setup pages show what the emulator's pages bear, and every file is there."""

from __future__ import annotations

import httpx2
import pytest

from evergrant.catalog import load
from evergrant.emulator import Emulator
from evergrant.emulator.setup.index import BY_ADDRESS
from evergrant.web.explained import steps_of_cause
from evergrant.web.setup_pictures import FOLDER, SetupPicture, picture_of, pictures
from setup_robot import Robot

FOLLOWED = {"refresh-policy", "admit-by-permission-set"}
"""Changes whose control stands behind a link of the page."""
PREPARED = {"unblock.png": "block_app", "install.png": "uninstall_app"}
"""Pictures of a page on which something was done before."""


@pytest.mark.parametrize("picture", pictures(), ids=lambda each: each.file)
def test_a_picture_is_a_png_of_the_size_that_the_index_says(picture: SetupPicture) -> None:
    head = (FOLDER / picture.file).read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    size = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    assert size == (picture.width, picture.height)


def test_no_picture_lies_there_that_the_index_does_not_name() -> None:
    assert {each.name for each in FOLDER.glob("*.png")} == {each.file for each in pictures()}


def test_every_page_in_setup_that_a_step_leads_to_and_the_emulator_draws_has_a_picture() -> None:
    catalog = load()
    steps = [step for cause in catalog.causes.values()
             for step in steps_of_cause(cause, catalog, None)]  # fmt: skip
    bare = {each.suffix for each in steps if each.suffix in BY_ADDRESS and not picture_of(each)}
    assert bare <= WITHOUT, bare - WITHOUT
    assert len({each.suffix for each in steps if picture_of(each)}) >= 15


WITHOUT = {
    "/lightning/setup/CertificatesAndKeysManagement/home",
    "/lightning/setup/CorsWhitelistEntries/home",
    "/lightning/setup/ExternalClientApplicationOauthUsage/home",
    "/lightning/setup/NamedCredential/home",
    "/lightning/setup/SessionManagementPage/home",
    "/lightning/setup/VerificationHistory/home",
}
"""Pages on which a step marks no control: one looks, or makes something anew."""


def test_the_control_that_a_picture_marks_is_on_the_emulators_page() -> None:
    with Emulator(seed=7) as emulator, httpx2.Client() as http:
        admin = Robot(emulator, http).sign_in()
        for picture in pictures():
            if not picture.control or picture.change in FOLLOWED:
                continue
            if act := PREPARED.get(picture.file):
                emulator.act(act, app="orbit-sync")
            text = admin.open(picture.page).text
            missing = [word for word in picture.control.split() if word not in text]
            assert not missing, (picture.file, missing)
            if picture.file == "unblock.png":
                emulator.act("unblock_app", app="orbit-sync")
