"""The diary of an org: the newest entries, written out when asked, and turned back with the org."""

from evergrant.emulator.diary import Diary


def filled(count: int) -> Diary:
    """A diary that notes numbers."""
    diary = Diary()
    for number in range(count):
        diary.keep(lambda number=number: {"number": number})  # type: ignore[misc]
    return diary


def test_the_newest_entries_come_last_with_their_numbers() -> None:
    assert filled(5).newest(2) == [{"id": 4, "number": 3}, {"id": 5, "number": 4}]
    assert filled(5).newest(0) == []


def test_the_oldest_is_forgotten_beyond_two_thousand() -> None:
    kept = filled(2003).newest(5000)
    assert (len(kept), kept[0]["id"], kept[-1]["id"]) == (2000, 4, 2003)


def test_turned_back_it_counts_on_from_where_it_was() -> None:
    diary = filled(3)
    pages = diary.pages()
    diary.keep(lambda: {"number": 9})
    diary.turn_back(pages)
    diary.keep(lambda: {"number": 7})
    assert [each["id"] for each in diary.newest(9)] == [1, 2, 3, 4]
    assert diary.newest(1)[0]["number"] == 7


def test_nothing_is_written_out_before_somebody_asks() -> None:
    asked: list[int] = []

    def entry() -> dict[str, object]:
        asked.append(1)
        return {}

    diary = Diary()
    diary.keep(entry)
    assert asked == []
    diary.newest(1)
    assert asked == [1]
