"""HTML becomes the text that a person reads, and every character knows where it stood."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.markup import has_markup, html_to_text, restore, without_markup
from nlp.records import Brand, Contact, Cue, Listing, Verdict


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>One</p><p>Two</p>", "\nOne\n\nTwo\n"),
        ("a<br>b<br/>c<BR />d", "a\nb\nc\nd"),
        ("Gu<b>cc</b>i <span style='x'>bag</span>", "Gucci bag"),
        ("<td>a</td><td>b</td>", " a  b "),
        ("x<script>alert('<p>')</script>y<style>p{}</style>z<!-- hid -->", "xyz"),
        ("x<script>never closed", "x"),
        ("AT&amp;T &eacute;&#233;&#xE9; &euro;5&nbsp;&lt;3", "AT&T ééé €5\xa0<3"),
        ("&lt;p&gt;twice&lt;/p&gt;", "\ntwice\n"),
        ("plain < text > with <3 and <WhatsApp 0161 496 0000> & more", None),
        ("a & b; &bogus; &", None),
        ('<a href="https://wa.example/1">here</a>', "https://wa.example/1 here"),
        ('<a href="https://x.example/1">https://x.example/1</a>', "https://x.example/1"),
        ('<a href="#top">here</a>', "here"),
        ('<a href="javascript:x()">here</a>', "here"),
    ],
)
def test_html_is_read_as_a_person_reads_it(raw, text):
    assert html_to_text(raw).text == (raw if text is None else text)


PIECES = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<b>",
        "<br>",
        "&amp;",
        "&lt;",
        "p&gt;",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "shoe",
        " ",
        "<",
        ">",
        '"',
        "é",
        "<a href='https://a.example'>",
        "</a>",
        "&#55296;",
        "&#x1F600;",
        "&",
    ]
)


@given(raw=st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_offsets_lead_back_into_the_original(raw):
    page = html_to_text(raw)
    assert page.original == raw
    assert len(page.text) == len(page.starts) == len(page.ends)
    for at, char in enumerate(page.text):
        start, end = page.span(at, at + 1)
        assert 0 <= start <= end <= len(raw)
        piece = raw[start:end]
        assert piece in {char, ""} or piece[0] in "<&\"' >"
    page.text.encode()


@given(text=st.text(max_size=60).filter(lambda text: not has_markup(text)))
def test_text_without_markup_stays_as_it_is(text):
    assert html_to_text(text).text == text


def test_a_verdict_points_into_the_original_description():
    raw = "<p>Real <b>Acme</b> bag, call&nbsp;0161&nbsp;496</p>"
    listing, page = without_markup(Listing(title="<b>kept</b>", description=raw))
    assert listing.description == "\nReal Acme bag, call\xa00161\xa0496\n"
    start = listing.description.index("Real Acme bag")
    span = {"field": "description", "start": start, "end": start + 13}
    number = {"field": "description", "start": 21, "end": 29}
    found = restore(
        Verdict(
            id="1",
            score=1,
            suspicious=True,
            band="act",
            cues=(Cue(cue="x", score=1, text="Real Acme bag", **span), Cue(cue="y", score=1)),
            brands=(Brand(brand="Acme", how="name", text="Acme", field="title", start=0, end=4),),
            contacts=(Contact(kind="phone", value="0161496", **number),),
        ),
        page,
    )
    assert found.cues[0].text == raw[found.cues[0].start : found.cues[0].end] == "Real <b>Acme</b> bag"
    assert found.cues[1].start is None
    assert found.brands[0].start == 0
    assert raw[found.contacts[0].start : found.contacts[0].end] == "0161&nbsp;496"


def test_a_listing_without_markup_is_the_same_object():
    listing = Listing(title="x", description="5 < 6 & so on")
    assert without_markup(listing) == (listing, None)


@pytest.mark.parametrize("unit", ["<p ", '<p a="', "<!--", "<a href=", "&", "<script", "<p x='1' ", "&lt;p"])
def test_hostile_markup_takes_no_time(unit):
    begun = time.perf_counter()
    html_to_text(unit * 50_000)
    assert time.perf_counter() - begun < 5
