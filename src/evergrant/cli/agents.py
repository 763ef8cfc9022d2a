"""`evergrant mcp`: the verbs as tools for agents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from evergrant.cli.serve import PORT
from evergrant.errors import BadInput


@click.command("mcp")
@click.option("--http", "over_http", is_flag=True, help="streamable HTTP instead of stdio")
@click.option("--port", type=PORT, default=8402, show_default=True, help="0 takes a free one")
@click.option("--allow-writes", is_flag=True, help="offer the tools that change something, too")
@click.option(
    "--allow-folder",
    "folders",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="let evergrant_audit read metadata below this folder; none is read as if left out",
)
def mcp(over_http: bool, port: int, allow_writes: bool, folders: tuple[Path, ...]) -> None:
    """Serve the verbs as tools for agents (Model Context Protocol).

    Speaks over standard input and output, or over HTTP on 127.0.0.1, where callers show the
    operator's key (the file operator.key in the data folder) as a bearer token.

    Tools are read-only unless --allow-writes is given; none ever gives a token away.
    Ends with 0 when the other side closes, or on Ctrl-C.
    """
    _need_extra()
    from evergrant.mcp import House, server
    from evergrant.settings import load

    settings = load()
    house = House(settings, _begin, folders=folders)
    try:
        made = server(house, allow_writes=allow_writes)
        if over_http:
            _listen(made, port)
        else:
            made.run("stdio")
    finally:
        house.close()


def _need_extra() -> None:
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        raise BadInput(
            "tools for agents need the extra `mcp`",
            next_step='install it with: pip install "evergrant[mcp]"',
            whose="operator",
        )


def _begin(body: dict[str, Any]) -> Any:
    """A browser authorization of the running service."""
    from evergrant.cli.service import Service
    from evergrant.settings import load

    return Service(load()).begin(body)


def _listen(made: Any, port: int) -> None:
    import uvicorn

    from evergrant.api.address import operator_key
    from evergrant.api.listening import listen
    from evergrant.mcp import over_http
    from evergrant.settings import load

    host, settings = "127.0.0.1", load()
    with listen(host, port) as opened:
        app = over_http(made, operator_key(settings), host)
        sys.stderr.write(f"Tools for agents at http://{host}:{opened.getsockname()[1]}/mcp\n")
        sys.stderr.write(f"Bearer token: in {settings.data_dir / 'operator.key'}\n")
        sys.stderr.flush()
        uvicorn.Server(
            uvicorn.Config(app, access_log=False, log_config=None, server_header=False)
        ).run([opened])
