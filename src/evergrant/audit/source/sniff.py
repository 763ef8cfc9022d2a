"""What a file is, told by its first bytes: metadata is recognized by its root element."""

from __future__ import annotations

import codecs
import re

HEAD = 4096
"""Bytes that are looked at."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF16 = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_ROOT = re.compile(r"<(?:\w+:)?([A-Za-z_]\w*)[\s/>]")
_NOT_ROOT = re.compile(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^<\[]*(?:\[.*?\])?\s*>", re.S)
_KEY = re.compile(r"-----BEGIN (?:RSA |EC |ENCRYPTED |OPENSSH )?PRIVATE KEY-----")


def head_text(head: bytes) -> str:
    """The first bytes as text, whatever Unicode they are in."""
    return head.decode(unicode_of(head) or "utf-8", "replace").lstrip("\ufeff")


def unicode_of(head: bytes) -> str:
    """The encoding that the first bytes give away; empty where a declaration must tell."""
    signs = (*_BOMS, *_UTF16)
    return next((encoding for sign, encoding in signs if head.startswith(sign)), "")


def root_name(text: str) -> str:
    """Name of the root element, without prefix; empty where none begins."""
    stripped = _NOT_ROOT.sub("", text).lstrip()
    found = _ROOT.match(stripped)
    return found[1] if found else ""


def has_doctype(text: str) -> bool:
    """Whether a document type is declared, which metadata never does."""
    return "<!DOCTYPE" in text or "<!ENTITY" in text


def private_key_line(text: str) -> int:
    """The line in which a private key begins; 0 where none does."""
    found = _KEY.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 0
