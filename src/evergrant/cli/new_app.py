"""`evergrant app new`: an external client app as tight as its flow allows, tried before use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.cli.repair_shown import WAYS, deployed_lines, flow_lines, wrapped
from evergrant.cli.repaired import ORG_OPTIONS, Wish, needed_session, said
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.repair.files import Files
    from evergrant.repair.new_app import Wanted

NOT_DONE = 1
OURS_ALONE = 0o600
CERTIFICATE_DAYS = 365


@click.command(name="new")
@click.argument("name")
@click.option("--label", default="", help="as Setup shows it (the name, if left out)")
@click.option("--contact", required=True, metavar="EMAIL", help="whom Salesforce shows as contact")
@click.option("--description", default="", help="what the app is for")
@click.option("--flow", type=click.Choice(WAYS), default=None, help="or answer the next two")
@click.option("--person/--no-person", default=True, help="does a person sign in?")
@click.option("--one-user/--many-users", default=True, help="does it act as one user only?")
@click.option("--callback", default="", metavar="URL", help="where the client takes codes")
@click.option("--run-as", default="", metavar="USERNAME", help="for client credentials")
@click.option("--output", default=".", metavar="FOLDER", help="where its files are written")
@click.option("--deploy", is_flag=True, help="and deploy it")
@ORG_OPTIONS[0]
@ORG_OPTIONS[1]
@format_option
def new(
    name: str, label: str, contact: str, description: str, flow: Any, person: bool,
    one_user: bool, callback: str, run_as: str, output: str, deploy: bool, target_org: str,
    session: str, form: Format,
) -> None:  # fmt: skip
    """Write the files of a new external client app called NAME, and try them in an emulated org.

    With them come a permission set that admits its users and, for the JWT bearer flow, a key and
    its certificate. Ends with 0 when a client connects (and the org took it), else with 1.
    """
    from evergrant.repair.new_app import Wanted, choose, new_app

    way, folder = flow or choose(person=person, one_user=one_user), Path(output)
    _ensure_name(name)
    key, certificate = _key_pair(label or name) if way == "jwt_bearer" else (b"", "")
    wanted = Wanted(name, label or name, way, contact, description, callback, certificate, run_as)
    files = new_app(wanted)
    written = _written(folder, files, name, key, certificate)
    steps, is_good = _tried(wanted, files)
    told = [*_lines(wanted, written), *flow_lines("a client in an emulated org", steps)]
    deployed = _deployed(files, folder, target_org, session) if deploy and is_good else []
    is_good = is_good and all(each.is_done for each in deployed)
    if form is Format.JSON:
        emit("app-new", {"name": name, "flow": way, "written": written, "tried": steps,
                         "deployed": deployed, "done": is_good})  # fmt: skip
    else:
        told += [line for each in deployed for line in deployed_lines(each)]
        say("\n".join(wrapped(told)))
    if not is_good:
        raise Exit(NOT_DONE)


def _ensure_name(name: str) -> None:
    if not (name.isascii() and name.replace("_", "").isalnum() and name[0].isalpha()):
        raise BadInput(
            f"{name!r} is no API name",
            next_step="letters, digits and underscores, a letter first", whose="you",
        )  # fmt: skip


def _lines(wanted: Wanted, written: list[str]) -> Iterator[str]:
    from evergrant.repair.new_app import CHECKLIST

    yield f"{wanted.label} comes by {wanted.way}."
    yield from (f"  written: {path}" for path in written)
    yield "By people:"
    for number, each in enumerate(CHECKLIST, start=1):
        yield f"  {number}. {each.format(wanted.permission_set)}"


def _written(
    folder: Path, files: Files, name: str, key: bytes, certificate: str
) -> list[str]:  # fmt: skip
    """NOTE: nothing is written over, and the key is for its owner alone."""
    wanted = {folder / each.path: each.data for each in files}
    if key:
        wanted[folder / f"{name}.crt"] = certificate.encode()
        wanted[folder / f"{name}.key"] = key
    try:
        for path, data in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as made:
                path.chmod(OURS_ALONE if path.suffix == ".key" else 0o644)
                made.write(data)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadInput(f"cannot write {path}", why=why, whose="you") from error
    return [str(path) for path in wanted]


def _key_pair(label: str) -> tuple[bytes, str]:
    """An RSA key and a certificate that it signed itself, both PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label[:64])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, made.public_bytes(serialization.Encoding.PEM).decode()


def _tried(wanted: Wanted, files: Files) -> tuple[Any, bool]:
    from evergrant.drills.rehearsal import ground_of
    from evergrant.drills.replayed import Habits

    app = files.app(wanted.label)
    with (
        progress(f"Trying {wanted.label}"),
        ground_of(app, files, {}, Habits(wanted.way)) as ground,
    ):
        steps = tuple(ground.client.connect())
    return steps, all(each.ok for each in steps)


def _deployed(files: Files, folder: Path, target_org: str, session: str) -> list[Any]:
    """The deployments that were tried; those after a refused one are not."""
    from evergrant.cli.repair_back import keep_way_back
    from evergrant.cli.repaired import files_of, notice
    from evergrant.repair.apply import carry_out, way_back
    from evergrant.repair.files import package
    from evergrant.repair.new_app import phases

    wish = Wish((), target_org=target_org, session=session)
    lent = needed_session(wish)
    back = way_back([(each.kind.type, each.name) for each in files], files_of(wish, lent))
    keep_way_back(folder, "new-app", back, notice)
    found: list[Any] = []
    for parts in phases(files):
        if all(each.is_done for each in found):
            found.append(said(carry_out(lent, package(parts)), "Deploying"))
    return found


COMMANDS: tuple[click.Command, ...] = (new,)
