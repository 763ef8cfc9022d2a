"""The `columns` parameter of a query: what it would show, as Salesforce CLI asks for it."""

from typing import Any

import pytest

from emulated_client import ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.connected import sign_in

Column = dict[str, Any]


@pytest.fixture
def token(emulator: Emulator) -> str:
    return sign_in(emulator.org, "admin@acme.example")["access_token"]


def asked(client_for: ClientFor, token: str, text: str) -> Any:
    client = client_for()
    answer = client.http.get(
        f"{client.emulator.url}/services/data/v66.0/query/", params={"q": text, "columns": "true"},
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    return answer.json()


def shape(columns: list[Column]) -> list[Any]:
    """Names alone; a column with columns as a pair."""
    return [
        (each["columnName"], shape(each["joinColumns"]))
        if each["joinColumns"]
        else each["columnName"]
        for each in columns
    ]


def test_fields_stand_in_the_order_of_the_query_and_parents_hold_theirs(
    client_for: ClientFor, token: str
) -> None:
    found = asked(client_for, token, "SELECT Profile.Name, id, Profile.UserType FROM User")
    assert shape(found["columnMetadata"]) == [("Profile", ["Name", "UserType"]), "Id"]
    assert (found["entityName"], found["keyPrefix"]) == ("User", "005")
    assert (found["idSelected"], found["groupBy"]) == (True, False)
    assert "records" not in found


def test_a_function_shows_its_call_under_its_alias_or_number(
    client_for: ClientFor, token: str
) -> None:
    text = "SELECT IsActive, COUNT(Id), MAX(Username) last FROM User GROUP BY IsActive"
    found = asked(client_for, token, text)
    told = [(c["columnName"], c["displayName"], c["aggregate"]) for c in found["columnMetadata"]]
    assert told == [
        ("IsActive", "IsActive", False), ("expr0", "COUNT(Id)", True),
        ("last", "MAX(Username)", True),
    ]  # fmt: skip
    assert found["groupBy"] is True


def test_children_are_a_column_of_columns(client_for: ClientFor, token: str) -> None:
    text = (
        "SELECT Id, (SELECT Parent.Name, Id FROM SetupEntityAccessItems) FROM ConnectedApplication"
    )
    found = asked(client_for, token, text)["columnMetadata"]
    assert shape(found) == ["Id", ("SetupEntityAccessItems", [("Parent", ["Name"]), "Id"])]
    assert found[1]["aggregate"] is True


def test_a_query_that_is_refused_has_no_columns(client_for: ClientFor, token: str) -> None:
    assert asked(client_for, token, "SELECT Nothing FROM User")[0]["errorCode"] == "INVALID_FIELD"
    assert asked(client_for, token, "SELECT COUNT() FROM User")["columnMetadata"] == []
