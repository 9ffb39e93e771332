"""The watch-list on verdicts: suspects that match come first with their reason, nothing becomes suspicious by it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nlp.errors import ConfigError
from nlp.records import Brand, Verdict
from nlp.schema import verdicts_from_batch, verdicts_to_batch
from nlp.watchlist import Watchlist, rank_of

EXAMPLES = Path(__file__).parent.parent / "examples" / "listings.csv"
LIST = """kind,name,items,last,news,url
brand,Gucci,3,2026-11-02,seizure lawsuit_filed,https://n.example/1
seller,'=Lux  Mirror88,1,2026-10-01,arrest,
"""


def verdict(
    name: str, *, brand: str = "", seller: str | None = None, suspicious: bool = True, score: float = 0.6
) -> Verdict:
    brands = (
        (Brand(brand=brand, text=brand, field="title", start=0, end=len(brand), how="name"),) if brand else ()
    )
    return Verdict(
        id=name, score=score, suspicious=suspicious, band="queue" if suspicious else "clear", brands=brands, seller=seller, reasons=("a cue",)
    )  # fmt: skip


@pytest.fixture
def watchlist(tmp_path: Path) -> Watchlist:
    path = tmp_path / "watch.csv"
    path.write_text(LIST, encoding="utf-8")
    return Watchlist.load(path)


def test_suspects_that_match_get_the_reason_first_and_others_stay_as_they_are(watchlist: Watchlist) -> None:
    given = [
        verdict("brand", brand="Gucci"), verdict("seller", seller="=LUX mirror88"), verdict("neither", brand="Nike", seller="x"),
        verdict("clear", brand="Gucci", suspicious=False),
    ]  # fmt: skip
    marked = verdicts_from_batch(watchlist.mark(verdicts_to_batch(given)))
    assert marked[0].reasons == (
        "watch-list: brand Gucci in recent enforcement (seizure lawsuit filed, last 2026-11-02, https://n.example/1)",
        "a cue",
    )
    assert "seller =Lux  Mirror88 in recent enforcement (arrest, last 2026-10-01)" in marked[1].reasons[0]
    assert [one.reasons for one in marked[2:]] == [("a cue",), ("a cue",)]
    assert [(one.suspicious, one.band) for one in marked] == [(one.suspicious, one.band) for one in given]
    assert [one.score for one in marked] == pytest.approx([one.score for one in given])
    assert rank_of(marked[0]) > rank_of(verdict("surer", score=0.99)) > rank_of(marked[2])


def test_no_list_changes_nothing() -> None:
    batch = verdicts_to_batch([verdict("a", brand="Gucci")])
    assert Watchlist.load(None).mark(batch) is batch


def test_every_fault_of_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "watch.csv"
    path.write_text("kind,name\nbrand,\nshop,x\nseller,ok\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Watchlist.load(path)
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["line 2", "line 3"]
    with pytest.raises(ConfigError, match="cannot be read"):
        Watchlist.load(tmp_path / "none.csv")


def test_the_command_takes_the_list(tmp_path: Path) -> None:
    watch = tmp_path / "watch.csv"
    watch.write_text("kind,name\nseller,luxmirror88\n", encoding="utf-8")
    command = [
        sys.executable, "-c", "from nlp.cli import main; main()", "classify", str(EXAMPLES), "-o", str(tmp_path / "v.jsonl"),
        "--watchlist", str(watch),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text(encoding="utf-8").splitlines()]
    watched = [
        row
        for row in rows
        if any(reason.startswith("watch-list: seller luxmirror88") for reason in row["reasons"])
    ]
    assert watched
    assert all(row["seller"] == "luxmirror88" and row["suspicious"] for row in watched)
