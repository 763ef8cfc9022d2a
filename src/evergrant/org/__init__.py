"""Ask an org: SOQL, the good call that proves a session, its Login History.

Every question is a conversation; the answers are rows and plain values, never judgements.
"""

from evergrant.org.login_history import LoginRow, own_logins, success_row
from evergrant.org.query import VERSION, query, soql_text, soql_time
from evergrant.org.resources import good_call

__all__ = [
    "VERSION",
    "LoginRow",
    "good_call",
    "own_logins",
    "query",
    "soql_text",
    "soql_time",
    "success_row",
]
