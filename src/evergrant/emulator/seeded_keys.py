"""RSA keys drawn from a seed: the same seed gives the same signatures, run after run.

Nobody may trust such a key outside the emulator: whoever knows the seed has it.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

BITS: Final = 2048
_EXPONENT: Final = 65537
_LARGEST_SMALL: Final = 4000
_WINDOW: Final = 4096
"""Odd numbers that are sieved at a time; about a dozen of them are prime."""
_WITNESSES: Final = (2, 3, 5)


@lru_cache(maxsize=64)
def private_key(words: str) -> rsa.RSAPrivateKey:
    """The key of 2048 bits that belongs to these words; made slowly, and once."""
    draw = Random(f"rsa {words}")  # noqa: S311  # the same words, the same key
    p, q = _prime(draw), _prime(draw)
    while (p * q).bit_length() != BITS or (p - 1) * (q - 1) % _EXPONENT == 0:
        q = _prime(draw)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p, q=q, d=d, dmp1=d % (p - 1), dmq1=d % (q - 1), iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )  # fmt: skip
    return numbers.private_key()


def serial_number(words: str) -> int:
    """A certificate's serial number of these words (RFC 5280 section 4.1.2.2)."""
    return Random(f"serial {words}").getrandbits(158) + 1  # noqa: S311  # as above


def _prime(draw: Random) -> int:
    """A prime of half the bits, its two highest set, so that the product has all of them."""
    half = BITS // 2
    while True:
        start = draw.getrandbits(half) | (0b11 << (half - 2)) | 1
        for candidate in _unsieved(start):
            if all(pow(base, candidate - 1, candidate) == 1 for base in _WITNESSES):
                return candidate


def _unsieved(start: int) -> list[int]:
    """Odd numbers from an odd start on that no small prime divides."""
    is_out = bytearray(_WINDOW)
    for small in _SMALL:
        first = (-start * ((small + 1) // 2)) % small
        is_out[first::small] = b"\1" * len(range(first, _WINDOW, small))
    return [start + 2 * place for place in range(_WINDOW) if not is_out[place]]


def _small_primes() -> tuple[int, ...]:
    found: list[int] = []
    for number in range(3, _LARGEST_SMALL, 2):
        if all(number % prime for prime in found if prime * prime <= number):
            found.append(number)
    return tuple(found)


_SMALL: Final = _small_primes()
