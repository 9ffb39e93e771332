"""The page for the person who decides: hostile text stays text, filters and sorting work in a real browser."""

import json
import shutil
from dataclasses import replace

import pytest

from nlp.dumps import VerdictWriter
from nlp.records import Brand, Contact, Cue, Verdict
from nlp.report import segments, write_report
from nlp.schema import verdicts_to_batch

HOSTILE = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def verdict(number, **changes):
    plain = Verdict(
        id=f"v{number}",
        score=0.5 + number / 1000,
        suspicious=True,
        band="queue",
        cues=(Cue(cue="replica_claim", score=0.9, text="replica", field="title", start=0, end=7),),
        brands=(
            Brand(
                brand="Gucci" if number % 2 else "Nike", how="name", text="x", field="title", start=8, end=9
            ),
        ),
        seller=f"seller {number % 7}",
        lang="en",
        price_usd=float(number + 1),
        reference_usd=800.0,
        price_ratio=(number + 1) / 800,
        reasons=("speaks of a copy: “replica”",),
        model="test@1",
    )
    return replace(plain, **changes)


def write(tmp_path, verdicts, texts):
    path = tmp_path / "verdicts.jsonl"
    with VerdictWriter(path) as writer:
        writer.write(None, verdicts_to_batch(verdicts))
    lines = "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
    (tmp_path / "verdicts.jsonl.suspects.jsonl").write_text(lines, encoding="utf-8")
    return write_report(path, tmp_path / "report.html")


def text(number, **changes):
    return {
        "id": f"v{number}",
        "title": f"replica x bag {number}",
        "description": "",
        "url": None,
        "file": "a.csv",
        "line": number,
    } | changes


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as play:
        instance = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield instance
        instance.close()


@pytest.fixture
def page(browser):
    context = browser.new_context()
    opened = context.new_page()
    opened.requests = []
    opened.on("request", lambda request: opened.requests.append(request.url))
    yield opened
    context.close()


def test_a_text_is_cut_at_its_marks_and_joins_to_itself():
    pieces = segments("Bolso Gucci espejo", [(6, 11, "brand"), (12, 18, "cue replica_claim")])
    assert pieces == [["Bolso ", ""], ["Gucci", "brand"], [" ", ""], ["espejo", "cue replica_claim"]]


def test_a_long_text_is_cut_around_its_marks():
    pieces = segments("a" * 5000 + "replica" + "b" * 5000, [(5000, 5007, "cue replica_claim")])
    assert ["replica", "cue replica_claim"] in pieces
    assert sum(len(words) for words, _ in pieces) < 1000


def test_tags_of_a_description_are_not_shown_and_its_words_stay_marked():
    raw = "<div><p>Borsa <b>replica</b> 1:1 &amp; box</p></div>"
    pieces = segments(raw, [(17, 24, "cue replica_claim")])
    assert ["replica", "cue replica_claim"] in pieces
    assert "".join(words for words, _ in pieces).split() == ["Borsa", "replica", "1:1", "&", "box"]


def test_no_text_of_a_listing_can_leave_its_place_in_the_page(tmp_path):
    path = write(
        tmp_path,
        [verdict(1, seller=HOSTILE, reasons=(HOSTILE,))],
        [text(1, title=HOSTILE, description="</script>" + HOSTILE)],
    )
    page = path.read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert page.count("<script") == 2
    assert page.count("</script>") == 2


def test_hostile_listings_change_nothing_in_a_browser(tmp_path, page):
    rows = [
        text(1, title=HOSTILE, description=f"</script>{HOSTILE}", url="javascript:window.hacked=1"),
        text(
            2, title="\u202egnp.exe\u202c <b onclick=alert(1)>x</b>", url="data:text/html,<script>1</script>"
        ),
        text(3, url="https://shop.example/3"),
    ]
    path = write(tmp_path, [verdict(each, seller=HOSTILE) for each in (1, 2, 3)], rows)
    page.goto(path.as_uri())
    assert page.evaluate("window.hacked") is None
    assert page.locator("#list script, #list img, #list b").count() == 0
    assert [link.get_attribute("href") for link in page.locator("#list a").all()] == [
        "https://shop.example/3"
    ]
    assert HOSTILE in page.locator("#list").inner_text()
    assert [url for url in page.requests if not url.startswith("file:")] == []


def test_filter_sort_search_and_contacts_work(tmp_path, page):
    contact = Contact(kind="whatsapp", value="+8613800135720", field="title", start=0, end=7)
    verdicts = [verdict(number) for number in range(60)]
    verdicts[3] = verdict(3, band="act", score=0.99, contacts=(contact,), lang="es")
    path = write(tmp_path, verdicts, [text(number) for number in range(60)])
    page.goto(path.as_uri())
    cards = page.locator("article")
    assert cards.count() == 50
    assert "v3" in cards.first.inner_text()
    page.click("#more")
    assert cards.count() == 60
    page.select_option("#sort", "ratio")
    assert "bag 0" in cards.first.inner_text()
    page.select_option("#brand", "Gucci")
    assert cards.count() == 30
    page.fill("#search", "bag 11")
    assert cards.count() == 1
    page.click("#reset")
    page.select_option("#band", "act")
    assert cards.count() == 1
    assert "+8613800135720" not in cards.first.inner_text()
    page.click("#contacts")
    assert "whatsapp +8613800135720" in cards.first.inner_text()
    page.click("#contacts")
    assert "+8613800135720" not in cards.first.inner_text()


def test_prices_are_charted_and_filtered_against_the_genuine_article(tmp_path, page):
    ratios = [0.01, 0.02, 0.1, 0.2, 0.4, 0.9, None]
    verdicts = [verdict(at, price_ratio=ratio) for at, ratio in enumerate(ratios)]
    page.goto(write(tmp_path, verdicts, [text(at) for at in range(7)]).as_uri())
    page.select_option("#ratio", "under 5 %")
    assert page.locator("article").count() == 2
    page.locator("#charts .bar", has_text="over 50 %").click()
    assert page.locator("article").count() == 1


def test_listings_that_share_an_id_keep_their_own_texts(tmp_path, page):
    verdicts = [verdict(1, id="same", score=0.6), verdict(2, id="same", score=0.9)]
    texts = [text(1, id="same", title="replica x first"), text(2, id="same", title="replica x second")]
    page.goto(write(tmp_path, verdicts, texts).as_uri())
    assert [title.inner_text() for title in page.locator("h3").all()] == [
        "replica x second",
        "replica x first",
    ]


def test_template_marks_in_a_listing_stay_words(tmp_path, page):
    words = "replica {{script}} {{data}} {{policy}} {{style}}"
    page.goto(write(tmp_path, [verdict(1)], [text(1, title=words)]).as_uri())
    assert page.locator("h3").inner_text() == words


def test_evidence_far_down_a_description_is_scrolled_into_sight(tmp_path, page):
    lines = "\n".join(f"line {at}" for at in range(60))
    cue = Cue(
        cue="replica_claim",
        score=0.9,
        text="mirror",
        field="description",
        start=len(lines) + 1,
        end=len(lines) + 7,
    )
    page.goto(write(tmp_path, [verdict(1, cues=(cue,))], [text(1, description=f"{lines}\nmirror")]).as_uri())
    box = page.locator("article .text")
    mark = box.locator("mark").bounding_box()
    frame = box.bounding_box()
    assert frame["y"] <= mark["y"] < frame["y"] + frame["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_reader_s_colours(tmp_path, page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(write(tmp_path, [verdict(1)], [text(1)]).as_uri())
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 200) == (scheme == "dark")


def test_the_page_fits_a_phone(tmp_path, page):
    long = "x" * 300
    path = write(tmp_path, [verdict(1, seller=long)], [text(1, title=long, description=long)])
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_hundred_thousand_verdicts_make_a_page_that_opens(tmp_path, page):
    verdicts = [verdict(number % 500, id=f"v{number}") for number in range(100_000)]
    path = write(tmp_path, verdicts, [])
    assert path.stat().st_size < 8 * 2**20
    page.goto(path.as_uri())
    assert page.locator("article").count() == 50
    assert "100,000" in page.locator("#count").inner_text()
    with (tmp_path / "report.suspects.csv").open(encoding="utf-8") as stream:
        assert sum(1 for _ in stream) == 100_001
