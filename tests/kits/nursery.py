"""Processes of the command line, forked from one that has imported it already.

Importing is most of what a short command costs, and the tests run a thousand of them.  Each is a
process all the same, with its own environment, folder, streams, signals and ending, and nothing is
carried over from one to the next: every fork begins where the imports ended.

NOTE: what depends on how Python itself starts (variables such as PYTHONIOENCODING, what is imported
when, another interpreter) needs `python -m evergrant.cli`; so does a shell's pipeline.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Literal, NoReturn, TextIO

NUMBER = struct.Struct("!i")
"""What a child's report consists of: its process id at first, its exit code at the end."""
EARLY = (
    "alembic.command", "evergrant.api.service", "evergrant.drills", "evergrant.emulator.server",
    "evergrant.watch", "evergrant.web", "httpcore2", "uvicorn.protocols.http.h11_impl",
)  # fmt: skip
"""What commands import late, besides the modules of the command line."""


class Child:
    """A command that was started; like `subprocess.Popen` in what tests ask of it."""

    def __init__(self, report: socket.socket) -> None:
        self._report = report
        self.pid: int = NUMBER.unpack(report.recv(NUMBER.size))[0]
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, below zero when a signal ended it; raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            self._report.settimeout(timeout)
            try:
                self.returncode = NUMBER.unpack(self._report.recv(NUMBER.size))[0]
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("evergrant", timeout or 0.0) from None
            self._report.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it whatever it does."""
        self.send_signal(signal.SIGKILL)


def born(
    words: Sequence[str], environ: Mapping[str, str], folder: Path, streams: tuple[int, int, int]
) -> Child:
    """Start `evergrant` with these words; `streams` become its standard streams."""
    ours, theirs = socket.socketpair()
    wanted = json.dumps({"words": words, "environ": dict(environ), "folder": str(folder)})
    with theirs, ours.makefile("wb") as order:
        order.write(wanted.encode() + b"\n")
        order.flush()
        socket.send_fds(_nursery(), [b"\n"], [*streams, theirs.fileno()])
    return Child(ours)


@cache
def _nursery() -> socket.socket:
    """The process that all others are forked from; it ends with this one."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


@dataclass(frozen=True, slots=True)
class Order:
    """What a child was started for, and where it reports to."""

    report: socket.socket
    streams: Sequence[int]

    def carry_out(self) -> None:
        """Become what `python -m evergrant.cli` would be, in a child that was just forked."""
        for number, stream in enumerate(self.streams):
            os.dup2(stream, number)
            os.close(stream)
        with self.report, self.report.makefile("rb") as read:
            wanted = json.loads(read.readline())
        os.chdir(wanted["folder"])
        os.environ.clear()
        os.environ.update(wanted["environ"])
        _look_around()
        sys.path[0], sys.argv = wanted["folder"], ["evergrant", *wanted["words"]]
        try:
            runpy.run_module("evergrant.cli", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            _end(end.code)


def _end(code: Any) -> NoReturn:
    """End as Python does, but without taking its modules apart, which takes longest of all."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _look_around() -> None:
    """Forget what was remembered of the environment before."""
    sys.stdin = _opened(0, "r", sys.stdin)
    sys.stdout = _opened(1, "w", sys.stdout)
    sys.stderr = _opened(2, "w", sys.stderr)
    sys.stderr.reconfigure(line_buffering=True)
    tempfile.tempdir = None
    time.tzset()


def _opened(number: int, mode: Literal["r", "w"], like: TextIO) -> TextIOWrapper:
    return open(number, mode, encoding=like.encoding, errors=like.errors)


def _import_all() -> None:
    """Import what the commands may; a fork takes no thread with it, so there may be none."""
    import evergrant.cli

    found = pkgutil.iter_modules(evergrant.cli.__path__, "evergrant.cli.")
    for name in (*EARLY, *(each.name for each in found if not each.name.endswith("__main__"))):
        importlib.import_module(name)
    gc.freeze()
    assert threading.active_count() == 1


def _tend(orders: socket.socket) -> Order:
    """Fork a child for each order, and report each that ends; returns in the children only."""
    bell, rings = socket.socketpair()
    rings.setblocking(False)
    signal.set_wakeup_fd(rings.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    living: dict[int, socket.socket] = {}
    while True:
        for ready in select.select([orders, bell], [], [])[0]:
            if ready is bell:
                bell.recv(512)
                _bury(living)
                continue
            order = _taken(orders)
            if _is_child(order, living):
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                for each in (orders, bell, rings, *living.values()):
                    each.close()
                return order


def _taken(orders: socket.socket) -> Order:
    """The next order; ends this process once nobody is there to give one."""
    word, streams, *_ = socket.recv_fds(orders, 1, 4)
    if not word:
        sys.exit()
    return Order(socket.socket(fileno=streams[3]), streams[:3])


def _is_child(order: Order, living: dict[int, socket.socket]) -> bool:
    """Whether this is the child."""
    pid = os.fork()
    if pid == 0:
        return True
    for each in order.streams:
        os.close(each)
    order.report.send(NUMBER.pack(pid))
    living[pid] = order.report
    return False


def _bury(living: dict[int, socket.socket]) -> None:
    """Report those that have ended."""
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with living.pop(pid) as report, suppress(OSError):  # nobody may be left to hear it
            report.send(NUMBER.pack(os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    _import_all()
    _tend(socket.socket(fileno=int(sys.argv[1]))).carry_out()
