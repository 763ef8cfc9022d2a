"""JWTs that were given as files or pasted alone."""

from __future__ import annotations

from collections.abc import Sequence

from evergrant.evidence.gathered import Gathered, Wanted, fact
from evergrant.evidence.given.document import Document
from evergrant.evidence.requests import assertion


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The facts in each token; a JWT alone is taken for an assertion of the JWT bearer flow."""
    whole = Gathered()
    for document in documents:
        whole = whole.with_(assertion.read(document.begin, wanted, name=document.name))
    if wanted.flow == "unknown":
        flow = fact("request.flow", "jwt_bearer", assertion.SOURCE, mark="derived",
                    quote="a JWT was given")  # fmt: skip
        whole = whole.with_(Gathered((flow,)))
    return whole
