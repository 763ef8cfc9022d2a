"""Seeded: the same seed and requests give the same answers, byte for byte but for times."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conversation_kit import Conversation, words
from evergrant.emulator import seeded_keys

KIT = Path(__file__).parents[1] / "kits" / "conversation_kit.py"


def test_a_conversation_played_twice_gives_the_same_answers() -> None:
    first, second = (list(words(Conversation(5).play())) for _ in range(2))
    assert len(first) > 25
    assert first == second


def test_another_seed_gives_other_secrets() -> None:
    first, second = (set(words(Conversation(seed).play())) for seed in (5, 6))
    assert len(first & second) < len(first) / 2


@pytest.mark.slow
def test_two_processes_that_hash_otherwise_give_the_same_answers() -> None:
    first, second = (_played(hash_seed) for hash_seed in ("1", "2"))
    assert first.count("\n") > 25
    assert first.split("\n") == second.split("\n")


def _played(hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, str(KIT), "5"], capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )  # fmt: skip
    return done.stdout


@pytest.mark.slow
def test_keys_are_those_of_their_words() -> None:
    one, two = seeded_keys.private_key("a"), seeded_keys.private_key("b")
    numbers = one.private_numbers()
    assert numbers.public_numbers.n.bit_length() == seeded_keys.BITS
    assert numbers.p * numbers.q == numbers.public_numbers.n
    assert numbers.p != numbers.q
    assert numbers.public_numbers.n != two.private_numbers().public_numbers.n
    seeded_keys.private_key.cache_clear()
    assert seeded_keys.private_key("a").private_numbers().p == numbers.p
