"""How long an audit of many metadata files takes, beside parsing them alone, and in what memory.

    python benchmarks/audit.py [--files 10000] [--again 3]

Prints seconds by the clock and of the processor for one tenth of the files and for all of them (is
it linear?), the ratio to lxml parsing the same files, the peak memory of both (is it flat?), and
what one changed file costs from start-up to the end of the process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time

NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def written(folder: Path, count: int) -> None:
    """A tree of projects: two connected apps of three, external client apps, profiles."""
    for number, (name, text) in enumerate(_files(count)):
        project = folder / f"project{number // 500}"
        path = project / "force-app/main/default" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        (project / "sfdx-project.json").write_text("{}", "utf-8")


def _files(count: int) -> Iterator[tuple[str, str]]:
    for number in range(count):
        kind = number % 10
        yield (_app if kind < 6 else _external if kind < 8 else _profile)(number)


def _app(number: int) -> tuple[str, str]:
    scopes = "".join(f"<scopes>{each}</scopes>\n" for each in ("Full", "Api", "RefreshToken"))
    body = (
        f"<label>App {number}</label>\n<contactEmail>a@example.com</contactEmail>\n<oauthConfig>\n"
        f"<callbackUrl>https://app{number}.acme.io/callback</callbackUrl>\n"
        f"<consumerKey>3MVG{number:020}</consumerKey>\n<isAdminApproved>false</isAdminApproved>\n"
        f"<isPkceRequired>false</isPkceRequired>\n{scopes}</oauthConfig>\n<oauthPolicy>\n"
        "<ipRelaxation>BYPASS</ipRelaxation>\n<refreshTokenPolicy>infinite</refreshTokenPolicy>\n"
        "</oauthPolicy>\n"
    )
    name = f"connectedApps/App{number}.connectedApp-meta.xml"
    return name, f"<ConnectedApp {NAMESPACE}>\n{body}</ConnectedApp>\n"


def _external(number: int) -> tuple[str, str]:
    body = (
        f"<contactEmail>a@example.com</contactEmail>\n<label>External {number}</label>\n"
        "<distributionState>Local</distributionState>\n"
    )
    name = f"externalClientApps/External{number}.eca-meta.xml"
    return name, f"<ExternalClientApplication {NAMESPACE}>\n{body}</ExternalClientApplication>\n"


def _profile(number: int) -> tuple[str, str]:
    held = "".join(
        f"<userPermissions>\n<enabled>true</enabled>\n<name>Permission{each}</name>\n"
        "</userPermissions>\n"
        for each in range(40)
    )
    name = f"profiles/Profile{number}.profile-meta.xml"
    return name, f"<Profile {NAMESPACE}>\n{held}<userLicense>Salesforce</userLicense>\n</Profile>\n"


def audited(folder: Path) -> int:
    """How many findings the stream gives; none is kept."""
    from evergrant.audit.run import stream

    return sum(1 for _ in stream([folder]))


def parsed(folder: Path) -> int:
    """How many elements lxml finds in the same files."""
    from lxml import etree

    return sum(
        sum(1 for _ in etree.parse(path).iter())
        for path in sorted(folder.rglob("*"))
        if path.suffix == ".xml"
    )


def timed(work: Callable[[Path], int], folder: Path, again: int) -> tuple[float, float, int]:
    """The best of several runs in seconds, by the clock and of the processor, and what the work
    counted."""
    best, spent, count = float("inf"), float("inf"), 0
    for _ in range(again):
        start, used = perf_counter(), process_time()
        count = work(folder)
        best, spent = min(best, perf_counter() - start), min(spent, process_time() - used)
    return best, spent, count


def peak(folder: Path) -> float:
    """Megabytes of a process that audits the folder and nothing else."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); import audit; from pathlib import Path; "
        "import resource; audit.audited(Path(sys.argv[1])); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    here = str(Path(__file__).parent)
    told = subprocess.run(
        [sys.executable, "-c", code, str(folder), here], capture_output=True, text=True, check=True
    )
    return int(told.stdout) / 1024


def one_file(folder: Path, again: int) -> float:
    """Seconds of `evergrant audit FILE`, start-up and all."""
    path = next(folder.rglob("*.connectedApp-meta.xml"))

    def run(_: Path) -> int:
        command = [str(Path(sys.executable).with_name("evergrant")), "audit", str(path)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    seconds, _, code = timed(run, folder, again)
    if code not in (0, 1):
        raise SystemExit(f"evergrant audit ended with {code}")
    return seconds


def main() -> None:
    """Print the figures."""
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--files", type=int, default=10_000)
    ask.add_argument("--again", type=int, default=3)
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as held:
        few, many = Path(held) / "few", Path(held) / "many"
        written(few, given.files // 10)
        written(many, given.files)
        print(f"{'files':>8} {'audit s':>8} {'CPU s':>8} {'parse s':>8} {'ratio':>6} {'MB':>6}")
        for folder, files in ((few, given.files // 10), (many, given.files)):
            clock_s, audit_s, findings = timed(audited, folder, given.again)
            _, parse_s, _ = timed(parsed, folder, given.again)
            print(
                f"{files:>8} {clock_s:>8.2f} {audit_s:>8.2f} {parse_s:>8.2f} "
                f"{audit_s / parse_s:>6.1f} {peak(folder):>6.0f}   {findings} findings"
            )
        print(f"one changed file, start-up included: {one_file(few, given.again):.2f} s")


if __name__ == "__main__":
    main()
