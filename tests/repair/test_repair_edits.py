"""Edits of metadata files: what is meant changes, and nothing else does."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from evergrant.errors import BadInput
from evergrant.repair.edits import Add, Drop, Edit, Ensure, Set, edited
from evergrant.repair.markup import read

SPACE = "http://soap.sforce.com/2006/04/metadata"
NAMES = ("alpha", "beta", "gamma", "label", "oauthConfig", "scopes", "zeta")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "iso-8859-1")
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
TEXT = st.text("abc &<>\"'é;-", min_size=1, max_size=12).map(str.strip).filter(bool)
COMMENT = st.text("abc <>&é\n", max_size=12)


@dataclass(frozen=True)
class Leaf:
    name: str
    words: str


@dataclass(frozen=True)
class Group:
    name: str
    inner: tuple[Leaf | Group | str, ...]
    """A string is a comment."""


@dataclass(frozen=True)
class Written:
    """A document, and how somebody wrote it."""

    root: Group
    encoding: str
    unit: str
    line: str
    prefix: str
    is_in_one_line: bool = field(default=False)

    def data(self) -> bytes:
        codec = "utf-8" if self.encoding == "utf-8-sig" else self.encoding
        declared = "utf-16" if codec in MARKS else codec
        space = f'xmlns:{self.prefix[:-1]}="{SPACE}"' if self.prefix else f'xmlns="{SPACE}"'
        body = "".join(self._told(self.root, "", f" {space}"))
        whole = f"<?xml version='1.0' encoding='{declared}'?>{self.line}{body}{self.line}"
        return MARKS.get(codec, b"") + whole.encode(self.encoding)

    def _told(self, node: Leaf | Group | str, indent: str, more: str = "") -> list[str]:
        if isinstance(node, str):
            return [f"<!--{node}-->"]
        name = self.prefix + node.name
        if isinstance(node, Leaf):
            return [f"<{name} a='>'>{escape(node.words)}</{name}>"]
        deeper = indent + self.unit
        ends = (self.line + deeper, self.line + indent)
        before, after = ("", "") if self.is_in_one_line else ends
        inner = [before + "".join(self._told(each, deeper)) for each in node.inner]
        return [f"<{name}{more}>", *inner, after, f"</{name}>"]


def _group(name: str, inner: st.SearchStrategy[Leaf | Group]) -> st.SearchStrategy[Group]:
    return st.lists(inner | COMMENT, max_size=6).map(lambda each: Group(name, tuple(each)))


LEAF = st.builds(Leaf, st.sampled_from(NAMES), TEXT)
DOCUMENT = st.builds(
    Written,
    root=_group("ConnectedApp", LEAF | st.sampled_from(("beta", "oauthConfig")).flatmap(
        lambda name: _group(name, LEAF))),
    encoding=st.sampled_from(ENCODINGS), unit=st.sampled_from(("    ", "  ", "\t")),
    line=st.sampled_from(("\n", "\r\n")), prefix=st.sampled_from(("", "m:")),
    is_in_one_line=st.booleans(),
)  # fmt: skip


Seen = tuple[str, object, tuple["Seen", ...]]


def _seen(data: bytes) -> Seen:
    """A document as another parser sees it: names, words and comments in order, blanks left out."""
    return _node(etree.fromstring(data))


def _node(node: etree._Element) -> Seen:
    if node.tag is etree.Comment:
        return ("", node.text, ())
    words = "".join([node.text or "", *(each.tail or "" for each in node)]).strip()
    return (etree.QName(node).localname, words, tuple(map(_node, node)))


def _leaves(seen: Seen, name: str) -> list[object]:
    return [words for tag, words, inner in seen[2] if tag == name and not inner]


def _without(seen: Seen, name: str, place: int | None = None) -> Seen:
    """The document without the children of a name, or without that one of them."""
    kept, count = [], 0
    for each in seen[2]:
        if each[0] == name:
            count += 1
            if place is None or place == count - 1:
                continue
        kept.append(each)
    return (seen[0], seen[1], tuple(kept))


def _outside(before: bytes, after: bytes, codec: str) -> tuple[str, str]:
    """What was taken out of the one place where two files differ, and what stands there now."""
    one, two = before.decode(codec), after.decode(codec)
    start = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b),
                 min(len(one), len(two)))  # fmt: skip
    rest = min(len(one), len(two)) - start
    end = next((i for i in range(rest) if one[-1 - i] != two[-1 - i]), rest)
    return one[start : len(one) - end], two[start : len(two) - end]


@given(DOCUMENT, st.sampled_from(NAMES), TEXT)
def test_set_changes_the_words_of_one_element_and_nothing_else(
    document: Written, name: str, words: str
) -> None:
    if any(isinstance(each, Group) and each.name == name for each in document.root.inner):
        name = "label"
    before = document.data()
    after = edited(before, [Set(name, words)])
    seen, left = _seen(after), _seen(before)
    there = _leaves(left, name)
    assert _leaves(seen, name) == [words, *there[1:]]
    assert _without(seen, name, 0) == _without(left, name, 0)
    if there:
        taken, given_ = _outside(before, after, document.encoding)
        assert "<" not in taken + given_


@given(DOCUMENT, st.sampled_from(NAMES), TEXT)
def test_add_puts_one_more_element_and_nothing_else(
    document: Written, name: str, words: str
) -> None:
    before = document.data()
    after = edited(before, [Add(name, words)])
    taken, put = _outside(before, after, document.encoding)
    assert taken == ""
    if words in _leaves(_seen(before), name):
        assert after == before
    else:
        assert put.count("<") == 2
        assert words in _leaves(_seen(after), name)


@given(DOCUMENT, st.sampled_from(NAMES))
def test_drop_takes_the_elements_of_a_name_and_leaves_every_comment(
    document: Written, name: str
) -> None:
    before = document.data()
    after = edited(before, [Drop(name)])
    assert _seen(after) == _without(_seen(before), name)


@given(DOCUMENT, st.sampled_from(NAMES), TEXT)
def test_what_is_added_and_dropped_again_leaves_the_file_as_it_was(
    document: Written, name: str, words: str
) -> None:
    before = document.data()
    # NOTE: how a file is written is told by its elements; of one without any it cannot be told.
    if words in _leaves(_seen(before), name) or not any(each[0] for each in _seen(before)[2]):
        return
    once = edited(before, [Add(name, words)])
    assert edited(once, [Drop(name, words)]) == before


@given(DOCUMENT)
def test_an_edit_that_holds_already_leaves_the_bytes_alone(document: Written) -> None:
    before = document.data()
    present = [each for each in document.root.inner if isinstance(each, Leaf)]
    edits: list[Edit] = [Ensure(each.name, "other") for each in present]
    edits += [Add(each.name, each.words) for each in present]
    assert edited(before, [*edits, Drop("notThere")]) == before


APP = """<?xml version="1.0" encoding="UTF-8"?>
<!-- owned by finance -->
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
  <contactEmail>a@acme.example</contactEmail> <!-- who to call -->
  <label>Ledger</label>
  <oauthConfig>
    <callbackUrl>https://a.example/cb</callbackUrl>
    <scopes>Api</scopes>
    <scopes><!-- since May --> RefreshToken </scopes>
  </oauthConfig>
  <oauthPolicy>
    <ipRelaxation>ENFORCE</ipRelaxation>
    <refreshTokenPolicy>zero</refreshTokenPolicy>
  </oauthPolicy>
</ConnectedApp>
"""


@pytest.mark.parametrize(
    ("edit", "taken", "put"),
    [
        (Set("oauthPolicy/refreshTokenPolicy", "infinite"), "zero", "infinite"),
        (Set("oauthConfig/isPkceRequired", "true"), "    <scopes>Api",
         "    <isPkceRequired>true</isPkceRequired>\n    <scopes>Api"),
        (Add("oauthConfig/scopes", "OpenID"), " RefreshToken </scopes>\n",
         " RefreshToken </scopes>\n    <scopes>OpenID</scopes>\n"),
        (Set("sessionPolicy/sessionTimeout", "30"), "  </oauthPolicy>\n", "  </oauthPolicy>\n"
         "  <sessionPolicy>\n    <sessionTimeout>30</sessionTimeout>\n  </sessionPolicy>\n"),
        (Add("ipRanges", (("end", "192.0.2.9"), ("start", "192.0.2.1"))), "  <label>Ledger",
         "  <ipRanges>\n    <end>192.0.2.9</end>\n    <start>192.0.2.1</start>\n  </ipRanges>\n"
         "  <label>Ledger"),
        (Set("description", "nightly & slow"), "<!-- who to call -->\n",
         "<!-- who to call -->\n  <description>nightly &amp; slow</description>\n"),
        (Drop("oauthConfig/scopes", "Api"), "    <scopes>Api</scopes>\n", ""),
        (Drop("contactEmail"), "<contactEmail>a@acme.example</contactEmail>", ""),
        (Set("oauthConfig/scopes", "Full"), "<scopes>Api", "<scopes>Full"),
    ],
)  # fmt: skip
def test_an_edit_is_written_as_its_neighbours_are(edit: Edit, taken: str, put: str) -> None:
    assert edited(APP.encode(), [edit]).decode() == APP.replace(taken, put, 1)


def test_a_comment_between_words_stays() -> None:
    file = b"<A>\n  <b>one <!-- why --> two</b>\n</A>"
    assert edited(file, [Set("b", "three")]) == b"<A>\n  <b>three <!-- why --> </b>\n</A>"


def test_a_group_in_a_group_that_is_missing_comes_with_the_outer_one() -> None:
    bare = b"<SecuritySettings>\n    <other>1</other>\n</SecuritySettings>\n"
    range_ = (("end", "203.0.113.9"), ("start", "203.0.113.1"))
    after = edited(bare, [Add("networkAccess/ipRanges", range_)])
    assert after == (
        b"<SecuritySettings>\n    <networkAccess>\n        <ipRanges>\n"
        b"            <end>203.0.113.9</end>\n            <start>203.0.113.1</start>\n"
        b"        </ipRanges>\n    </networkAccess>\n    <other>1</other>\n</SecuritySettings>\n"
    )


def test_an_element_of_one_tag_is_opened() -> None:
    assert edited(b"<A>\n\t<b x='1'/>\n</A>", [Set("b/c", "1")]) == (
        b"<A>\n\t<b x='1'>\n\t\t<c>1</c>\n\t</b>\n</A>"
    )
    assert edited(b"<A>\n <b/></A>", [Set("b", "1")]) == b"<A>\n <b>1</b></A>"


def test_words_in_cdata_are_replaced_whole() -> None:
    file = b"<A><b><![CDATA[x<y]]></b></A>"
    assert read(file).values("b") == ["x<y"]
    assert edited(file, [Set("b", "z")]) == b"<A><b>z</b></A>"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"<A>\n<b></A>", "line 2: mismatched tag"),
        (b'<!DOCTYPE A [<!ENTITY e "x">]><A>&e;</A>', "DOCTYPE"),
        (b"\xff\xfe<\0A", "no element|unclosed|not written|tag"),
        (b"<?xml version='1.0' encoding='klingon'?><A/>", "not written in klingon"),
        (b"<A>" * 200, "too deep"),
    ],
)
def test_a_file_that_cannot_be_edited_is_refused_with_its_reason(file: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        edited(file, [Set("b", "1")])
