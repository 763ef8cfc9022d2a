"""Watch: claims due rows and outbox rows, and carries them out through keeper and notify."""

from evergrant.watch.rounds import Round, go_round
from evergrant.watch.walker import Walker

__all__ = ["Round", "Walker", "go_round"]
