"""TLS: an authority of this run, good for loopback only, whose key nobody gets."""

import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from emulated_client import client_of
from evergrant.emulator import Emulator
from evergrant.emulator.authority import CA_FILE


@pytest.fixture(scope="module")
def tls() -> Iterator[Emulator]:
    """An org served as https."""
    with Emulator(tls=True) as emulator:
        yield emulator


@pytest.fixture
def trusting(tls: Emulator) -> Iterator[httpx2.Client]:
    """Trusts the emulator's authority and no other."""
    assert tls.authority is not None
    with httpx2.Client(verify=ssl.create_default_context(cadata=tls.authority.pem)) as client:
        yield client


def test_who_trusts_the_authority_connects_and_calls(
    tls: Emulator, trusting: httpx2.Client
) -> None:
    client = client_of(tls, "orbit-sync", trusting)
    credential = client.connect()
    assert credential["instance_url"] == tls.url
    assert tls.url.startswith("https://127.0.0.1:")
    assert client.call().status_code == 200


def test_localhost_is_as_good_a_name(tls: Emulator, trusting: httpx2.Client) -> None:
    url = tls.url.replace("127.0.0.1", "localhost")
    issuer = trusting.get(f"{url}/.well-known/openid-configuration").json()["issuer"]
    assert issuer == url


def test_who_does_not_trust_it_does_not_connect(tls: Emulator) -> None:
    with httpx2.Client() as stranger, pytest.raises(httpx2.ConnectError, match="CERTIFICATE"):
        stranger.get(tls.url)


def test_the_control_port_stays_plain(tls: Emulator) -> None:
    assert tls.control_url.startswith("http://")
    assert httpx2.get(f"{tls.control_url}/health").json()["org"] == tls.url


def test_the_file_holds_the_certificate_and_no_key(tls: Emulator, tmp_path: Path) -> None:
    assert tls.authority is not None
    path = tls.authority.save(tmp_path / "new")
    assert path == tmp_path / "new" / CA_FILE
    text = path.read_text()
    assert text.count("BEGIN") == text.count("BEGIN CERTIFICATE") == 1
    assert [each.name for each in path.parent.iterdir()] == [CA_FILE]


def test_the_authority_is_good_for_loopback_only(tls: Emulator) -> None:
    assert tls.authority is not None
    found = x509.load_pem_x509_certificate(tls.authority.pem.encode())
    assert isinstance(found.public_key(), ec.EllipticCurvePublicKey)
    limits = found.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    assert {str(each.value) for each in limits.value.permitted_subtrees or ()} == {
        "localhost", "127.0.0.0/8", "::1/128",
    }  # fmt: skip


def test_two_runs_have_two_authorities_even_of_one_seed() -> None:
    pems = {str(each.authority and each.authority.pem) for each in _two()}
    assert len(pems) == 2


def _two() -> Iterator[Emulator]:
    for _ in range(2):
        with Emulator(seed=7, tls=True) as emulator:
            yield emulator


def test_no_key_lies_on_the_disk_while_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    touch = Path.touch

    def watching(path: Path, mode: int = 0o666, exist_ok: bool = True) -> None:
        touch(path, mode=mode, exist_ok=exist_ok)
        seen.append(stat.S_IMODE(path.stat().st_mode))

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "touch", watching)
    with Emulator(tls=True):
        assert list(tmp_path.rglob("*")) == []
    assert seen == [0o600]


def test_a_cut_cuts_an_encrypted_answer_too(tls: Emulator, trusting: httpx2.Client) -> None:
    client = client_of(tls, "orbit-sync", trusting)
    client.connect()
    for preset in ("reset-before", "reset-after", "reset-midway"):
        tls.act("lay_fault", preset=preset)
        with pytest.raises(httpx2.TransportError):
            client.refresh()
    assert client.refresh().status_code == 200
