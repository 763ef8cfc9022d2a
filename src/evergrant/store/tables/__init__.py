"""The tables: what Evergrant remembers, one noun each.

Ids are text, times are UTC text (`Moment`), lists and mappings are JSON text without secrets
(`Json`); what is secret lies only in the `sealed` blobs that the vault writes.  Nothing here is
particular to SQLite.  A change here needs a migration (`store/migrations/versions`).
"""

from evergrant.store.tables.columns import metadata
from evergrant.store.tables.course import (
    due,
    event,
    examination,
    incident,
    org_audit,
    outbox,
    reading,
    sync,
)
from evergrant.store.tables.grants import (
    connection,
    credential,
    expectation,
    integration,
    part,
    part_standing,
    process,
    tenant,
)
from evergrant.store.tables.people import (
    api_key,
    audit_log,
    branding,
    flow,
    operator_session,
    reconnect_link,
    sign_in,
    token_read,
)
from evergrant.store.tables.renewal import keep_alive, lifetime, revocation, token_request, usage

__all__ = [
    "api_key",
    "audit_log",
    "branding",
    "connection",
    "credential",
    "due",
    "event",
    "examination",
    "expectation",
    "flow",
    "incident",
    "integration",
    "keep_alive",
    "lifetime",
    "metadata",
    "operator_session",
    "org_audit",
    "outbox",
    "part",
    "part_standing",
    "process",
    "reading",
    "reconnect_link",
    "revocation",
    "sign_in",
    "sync",
    "tenant",
    "token_read",
    "token_request",
    "usage",
]
