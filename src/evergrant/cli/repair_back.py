"""The way back from a repair: a package kept before anything changes, and `repair undo`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, say
from evergrant.cli.repair_shown import deployed_lines
from evergrant.cli.repaired import ORG_OPTIONS, Wish, needed_session, said
from evergrant.errors import BadInput

NOT_PROVEN = 1
OURS_ALONE = 0o600


def keep_way_back(folder: Path, about: str, data: bytes, say: Callable[[str], None]) -> Path:
    """The file that a package was kept in; raises `BadInput` where it cannot be.

    NOTE: an earlier backup is never written over: it may be the only way back.
    """
    path = folder / f"evergrant-backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{about}.zip"
    try:
        with path.open("xb") as kept:
            path.chmod(OURS_ALONE)
            kept.write(data)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadInput(
            f"the backup cannot be kept in {path}: nothing was changed", why=why, whose="you"
        ) from error
    say(f"The org's present state is in {path};")
    say(f"`evergrant repair undo {path}` brings it back.")
    return path


@click.command(name="undo")
@click.argument("backup", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@ORG_OPTIONS[0]
@ORG_OPTIONS[1]
@click.option("--yes", is_flag=True, help="say yes")
@format_option
def undo(backup: Path, target_org: str, session: str, yes: bool, form: Format) -> None:
    """Deploy what was kept of the org before anything changed, and delete what was new.

    Ends with 0 when the org took it, with 1 when it or a person said no.
    """
    from evergrant.repair.apply import carry_out

    lent = needed_session(Wish((), target_org=target_org, session=session))
    data = backup.read_bytes()
    told = list(_told(data))
    if form is Format.TEXT:
        say("\n".join(told))
    if not (yes or click.confirm(f"Deploy {backup}?")):
        raise Exit(NOT_PROVEN)
    deployed = said(carry_out(lent, data), "Deploying")
    if form is Format.JSON:
        emit("repair-undone", {"does": told, "deployed": deployed})
    else:
        say("\n".join(deployed_lines(deployed)))
    if not deployed.is_done:
        raise Exit(NOT_PROVEN)


def _told(data: bytes) -> Iterator[str]:
    """What a backup does to the org; raises `BadInput` for what is none."""
    import io
    import zipfile

    from evergrant.repair.files import of_zip, removed_by

    try:
        zipfile.ZipFile(io.BytesIO(data)).close()
    except zipfile.BadZipFile as error:
        raise BadInput("that is no backup", next_step="name a zip that apply kept") from error
    yield from (f"brings back: {each.kind.type} {each.name}" for each in of_zip(data))
    yield from (f"deletes: {type_} {name}" for type_, name in removed_by(data))
