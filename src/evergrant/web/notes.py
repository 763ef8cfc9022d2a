"""What the console says after something was done: the address carries a word, never the text."""

from __future__ import annotations

from typing import Final

NOTES: Final = {
    "checked": ("ok", "Checked: the connection works."),
    "not-working": ("warn", "Checked: it does not work. The cause is shown below."),
    "not-checked": ("info", "Not checked: a connection that is paused or on hold is left alone."),
    "paused": ("ok", "Paused. Nothing is checked or refreshed until you resume it."),
    "resumed": ("ok", "Resumed. It is checked next."),
    "removed": ("ok", "Removed. Its tokens were revoked at Salesforce and destroyed here."),
    "integration-saved": ("ok", "Saved. Connections and their credentials were not touched."),
    "configured": ("ok", "Saved. The credential was not touched."),
    "reauthorized": ("ok", "Reauthorized and proven."),
    "not-proven": ("warn", "Reauthorized, but not everything could be proven: see Activity."),
    "lacking": ("warn", "Authorized, and something that is needed is missing: see below."),
    "audited": ("ok", "Audited: what was found is shown below."),
    "not-audited": ("warn", "The audit could not look into the org: see below."),
    "looked": ("ok", "Looked again at what the integration needs."),
    "finished": ("ok", "Finished. Settings are as they were."),
    "broken": ("warn", "Broken, as asked. The banner appears on the connection."),
    "healed": ("ok", "The emulated org is as it was. What Salesforce revoked stays revoked."),
}
"""Word in the address → tone and sentence."""


def note_of(word: str) -> tuple[str, str] | None:
    """Tone and sentence of a word; None for a word that is not ours."""
    return NOTES.get(word)
