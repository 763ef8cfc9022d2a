"""JWT assertions a second, against raw RS256 signing with a key that is parsed once.

    python benchmarks/jwt_mint.py

Prints the ratio of what the JWT bearer flow mints (claims, JSON, base64, signature) to bare
signatures of `cryptography` over a text of the same length, in turn in one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from evergrant.model import App, Secret
from evergrant.oauth.jwt_bearer import assertion

SECONDS, ROUNDS = 1.0, 3


def main() -> None:
    """Measure in turn, and print the best round of each."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    app = App("3MVG9.benchmark", private_key=Secret(pem.decode()))
    host, now = "https://acme.my.salesforce.com", datetime.now(UTC)
    text = assertion(app, host, "ada@acme.example", now).reveal().rpartition(".")[0].encode()

    def raw() -> None:
        key.sign(text, padding.PKCS1v15(), hashes.SHA256())

    def minted() -> None:
        assertion(app, host, "ada@acme.example", now)

    best = {"raw RS256": 0.0, "evergrant": 0.0}
    for _ in range(ROUNDS):
        best["raw RS256"] = max(best["raw RS256"], _rate(raw))
        best["evergrant"] = max(best["evergrant"], _rate(minted))
    for name, found in best.items():
        print(f"{name:12} {found:7.0f}/s  ratio {found / best['raw RS256']:.2f}")


def _rate(do: Callable[[], None]) -> float:
    done, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < SECONDS:
        do()
        done += 1
    return done / passed


if __name__ == "__main__":
    main()
