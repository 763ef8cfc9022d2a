"""The face for agents: the verbs as tools of the Model Context Protocol, read-only unless told.

`server` makes the tools, `over_http` guards them with the operator's key; who starts them listens.
"""

from evergrant.mcp.house import BegunFlow, House
from evergrant.mcp.http import over_http
from evergrant.mcp.server import server

__all__ = ["BegunFlow", "House", "over_http", "server"]
