"""Words from outside, written so that they stay words: in XML, Markdown and HTML."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
"""What XML 1.0 cannot hold (2.2, Char), other controls, and what turns the direction of a text."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~!&])")


def xml_text(text: str) -> str:
    """The text with what nobody sees written out (`\\u0007`); escaping is the caller's."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def markdown(text: str) -> str:
    """The text in one line, with nothing in it that Markdown would take for its own."""
    return _MARKDOWN.sub(r"\\\1", " ".join(xml_text(text).split()))
