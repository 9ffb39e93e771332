"""Laws of recognition: what was seen is seen again, nothing is claimed twice, nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.identity import Known, recognise
from feeds.items import content_hash, drafts
from feeds.plaintext import link_key, similarity, title_key
from feeds.records import Content, CourtEntry, Draft, Entry, ParsedFeed, Source

DAY = datetime(2026, 11, 1, tzinfo=UTC)


def draft(  # noqa: PLR0917
    title: str = "",
    link: str = "",
    guid: str = "",
    text: str = "",
    day: int | None = None,
    *,
    court: bool = False,
) -> Draft:
    return Draft(
        guid=guid,
        url=link,
        link_key=link_key(link) if link else "",
        title=title,
        title_key=title_key(title),
        summary=text,
        text=text,
        author="",
        publisher="",
        lang="",
        published=None if day is None else DAY + timedelta(days=day),
        published_raw="",
        date_doubt=False,
        content_hash=content_hash(title, text),
        court=CourtEntry(docket="1:22-cv-1", case_name="") if court else None,
    )


def known(number: int, one: Draft) -> Known:
    return Known(
        id=number,
        guid=one.guid,
        link_key=one.link_key,
        title=one.title,
        title_key=one.title_key,
        text=one.text,
        content_hash=one.content_hash,
        published=one.published,
    )


def matched(*drafts: Draft, held: list[Draft]) -> list[int | None]:
    result = recognise(drafts, [known(number, one) for number, one in enumerate(held)])
    return [match.known_id for match in result.matches]


LONG = "Customs officers at the port found the goods in a container from overseas on Monday morning."
# (the item that is held, the entry that comes, whether it is the same article)
PAIRS = [
    (draft("A b c", "http://x/1", "g", LONG, 1), draft("A b c", "http://x/1", "g", LONG, 1), True),
    (draft("A b c", "http://x/1", "g", LONG, 1), draft("Z y", "http://x/1", "g", "All new.", 1), True),
    (draft("A b c", "http://x/1", "g", LONG, 1), draft("Z y", "http://x/2", "g", "All new.", 2), False),
    (draft("A b c", "http://x/1", "g", LONG, 1), draft("A b c!", "http://x/2", "g", f"{LONG} More.", 2), True),
    (draft("A b c", "http://x/1", "g", LONG, 1), draft("A b c", "http://x/1", "h", LONG, 1), True),
    (draft("A b c", "http://x/1", "g", LONG, 1), draft("A b c", "http://x/1", "h", "Another order.", 2), False),
    (draft("A b c", "http://x/1", "g", LONG, 1), draft("A b c", "http://x/2", "h", LONG, 1), True),
    (draft("A b c", "http://x/1", "g", LONG, 1), draft("A b c", "http://x/2", "h", "Quite different text", 5), False),
    (draft("A b c", "http://x/", "", LONG, 1), draft("Z y", "http://x/", "", "Other news.", 2), False),
    (draft("A b c", "http://x/", "", LONG, 1), draft("A b c d", "http://x/", "", LONG, 1), True),
    (draft("Weekly report", "http://x/1", "", "Week 1", 1), draft("Weekly report", "http://x/2", "", "Week 2", 8), False),
    (draft("Weekly report", "", "", "Week 1", 1), draft("Weekly report", "", "", "Week 2", 8), False),
    (draft("A b c", "http://x/1", "g", "[Order]", 1, court=True), draft("A b c", "http://x/1", "g", "[Order]", 2, court=True), False),
    (draft("A b c", "http://x/1", "g", "[Order]", 1, court=True), draft("A b c", "http://x/1", "g", "[Order]", 1, court=True), True),
]  # fmt: skip


@pytest.mark.parametrize(("held", "comes", "same"), PAIRS)
def test_the_same_article_is_recognised_and_another_one_is_not(
    held: Draft, comes: Draft, *, same: bool
) -> None:
    assert matched(comes, held=[held]) == [0 if same else None]


def test_a_second_order_on_the_same_day_in_the_same_case_is_new() -> None:
    first = draft("1:22-cv-1 Nike v. StockX", "http://x/1", "g", "[Order] 5", 1, court=True)
    second = draft("1:22-cv-1 Nike v. StockX", "http://x/1", "g", "[Letter] 6", 1, court=True)
    assert matched(first, second, held=[first]) == [0, None]


def test_experience_of_random_guids_is_kept() -> None:
    held = [known(0, draft("A b c", "http://x/abc-1", "r1", LONG, 1))]
    learnt = recognise([draft("A b c", "http://x/abc-1", "r2", LONG, 1)], held)
    assert learnt.guid_trust == "volatile"
    edited = draft("Another headline", "http://x/abc-1", "r3", "And another text", 2)
    assert recognise([edited], held, guid_trust="volatile").matches[0].known_id == 0


def test_an_item_is_claimed_by_the_entry_with_the_best_reason() -> None:
    old = draft("A b c", "http://x/1", "g", LONG, 1)
    edited = draft("A b c d", "http://x/1", "g", LONG, 1)
    assert matched(edited, old, held=[old]) == [None, 0] or matched(edited, old, held=[old]) == [0, None]
    assert matched(draft("Other", "http://x/2", "g", "o", 2), old, held=[old]) == [None, 0]


articles = st.builds(
    draft,
    st.sampled_from(["", "One bag", "Two shoes", "Three watches"]),
    st.sampled_from(["", "http://x/", "http://x/1", "http://x/2-two"]),
    st.sampled_from(["", "g", "h"]),
    st.sampled_from(["", "short", LONG]),
    st.sampled_from([None, 1, 2]),
)


@given(st.lists(articles, max_size=6), st.lists(articles, max_size=6))
@settings(deadline=None)
def test_nothing_is_claimed_twice_and_no_entry_disappears(held: list[Draft], comes: list[Draft]) -> None:
    result = recognise(comes, [known(number, one) for number, one in enumerate(held)])
    claimed = [match.known_id for match in result.matches if match.known_id is not None]
    assert len(claimed) == len(set(claimed))
    kept = {(m.draft.guid, m.draft.link_key, m.draft.title_key) for m in result.matches}
    assert {(one.guid, one.link_key, one.title_key) for one in comes} == kept


@given(st.lists(articles, max_size=8))
@settings(deadline=None)
def test_the_same_document_again_holds_nothing_new(comes: list[Draft]) -> None:
    first = [match.draft for match in recognise(comes, []).matches]
    again = recognise(comes, [known(number, one) for number, one in enumerate(first)])
    assert all(match.known_id is not None for match in again.matches)


@given(st.text(max_size=80), st.text(max_size=80))
def test_similarity_is_a_symmetric_share(one: str, other: str) -> None:
    assert 0 <= similarity(one, other) == similarity(other, one) <= 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://www.x.example/a/", "https://x.example/a?utm_source=rss", True),
        ("https://x.example/a?b=1&a=2", "https://x.example/a?a=2&b=1", True),
        ("https://x.example/a;jsessionid=77", "https://x.example/a", True),
        ("https://x.example/a#one", "https://x.example/a#two", False),
        ("https://x.example/?id=1", "https://x.example/?id=2", False),
    ],
)
def test_links_are_compared_by_what_matters(one: str, other: str, *, same: bool) -> None:
    assert (link_key(one) == link_key(other)) is same


def test_the_form_for_comments_under_an_article_is_no_text_of_it() -> None:
    page = "<p>Customs seized 300 fake bags.</p><p>They came by sea.</p><h3>Leave a Reply</h3><p>Name</p><p>Email</p>"
    entry = Entry(guid="1", title=Content(value="Seized"), contents=(Content(value=page, type="text/html"),))
    feed = ParsedFeed(version="rss20", encoding="utf-8", entries=(entry,))
    (made,) = drafts(feed, Source(url="https://n.example/feed", name="N"), datetime(2026, 1, 1, tzinfo=UTC))
    assert made.text.endswith("They came by sea.")
