"""Three lawsuits with sourced histories, told as a press would: each ends as one case with its events and no other.

Only the facts come from ``../shared/data/news/cases.jsonl``; the sentences are written here.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from feeds_items import analyser, bring

from feeds.store import Store
from feeds.understand import cases, understand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.records import Case

CASES = Path(__file__).resolve().parents[2] / "shared" / "data" / "news" / "cases.jsonl"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not CASES.is_file(), reason=f"no {CASES}")

# Several tellings of each fact: language, title, text. {p} plaintiff, {d} defendant, {court}, {docket}, {day}.
TOLD: dict[str, list[tuple[str, str, str]]] = {
    "complaint_filed": [
        ("en", "{p} sues {d} over counterfeit goods", "{p} filed a trademark lawsuit against {d} in Manhattan federal court on {day}. {docket}"),
        ("fr", "{p} poursuit {d} en justice pour contrefaçon", "La plainte a été déposée devant le tribunal fédéral de New York. {docket}"),
        ("zh", "{p}起诉{d}售假", "{p}在纽约联邦法院对{d}提起商标诉讼。{docket}"),
    ],
    "withdrawn_as_to_some_defendants": [
        ("en", "{p} drops claims against {d}, suit against sellers continues", "{p} withdrew its lawsuit against {d} and its affiliates; the case against the merchants of counterfeit goods goes on. {docket}"),
        ("es", "{p} retira la demanda contra {d} y sigue adelante contra los vendedores", "El pleito por falsificaciones continúa contra los comerciantes. {docket}"),
    ],
    "party_statement": [
        ("en", "{d} founder: would rather lose counterfeit lawsuit brought by {p} than settle", "He told a magazine that the company would fight in court. {docket}"),
    ],
    "partial_dismissal": [
        ("en", "Judge dismisses part of {p} lawsuit against {d} over counterfeits", "The judge in Manhattan threw out two racketeering claims; trademark claims go forward. {docket}"),
        ("zh", "美国法官驳回{p}诉{d}案部分指控", "法官驳回了两项敲诈勒索指控,商标侵权指控继续。{docket}"),
    ],
    "settlement_and_agreed_dismissal": [
        ("en", "{p} and {d} settle counterfeit lawsuit", "{p} agreed to dismiss its lawsuit against {d}; the two set up a joint task force against fakes. {docket}"),
        ("zh", "{p}与{d}达成和解 撤回假货诉讼", "双方将成立联合工作组打击假货。"),
        ("de", "{p} und {d} legen Streit um Fälschungen bei", "Beide Seiten einigten sich auf einen Vergleich. {docket}"),
    ],
    "motion_to_amend": [
        ("en", "{p} seeks to add counterfeiting claims to suit against {d}", "{p} asked the New York court on {day} for leave to amend its complaint against {d}. {docket}"),
    ],
    "summary_judgment_motions_filed": [
        ("en", "{p} and {d} file motions for summary judgment in counterfeit sneaker case", "Both sides asked the Manhattan federal court to rule without a trial. {docket}"),
    ],
    "partial_summary_judgment": [
        ("en", "Judge rules {d} liable for selling counterfeit {p} shoes", "The court granted partial summary judgment to {p} over 37 pairs of fakes; other claims go to a jury. {docket}"),
    ],
    "settlement_dismissal_with_prejudice": [
        ("en", "{p} and {d} settle lawsuit over counterfeit sneakers", "The parties told the New York court that the case is dismissed with prejudice. {docket}"),
        ("ja", "{p}と{d}が偽造品訴訟で和解", "ニューヨークの連邦地裁に訴訟終結を届け出た。"),
    ],
    "jury_verdict": [
        ("en", "Jury orders {d} to pay {p} $4 million over counterfeit handbags", "Jurors in Manhattan federal court found {d} liable for trademark infringement on {day}."),
        ("it", "{p} vince contro {d}: 4 milioni di dollari per le borse contraffatte", "Il verdetto della giuria di New York."),
    ],
    "final_judgment_permanent_injunction": [
        ("en", "Court enters permanent injunction against {d} in {p} counterfeit case", "The New York judge entered final judgment and barred {d} from selling the goods."),
    ],
    "post_trial_motions_denied": [
        ("en", "Judge denies {d}'s motion for a new trial in {p} counterfeit case", "The court awarded {p} more than $560,000 in costs and denied attorney fees."),
    ],
    "aftermath": [
        ("en", "Gucci opens online flagship on {d} platform years after parent sued over counterfeits", "The brand opened two stores. Its parent sued {d} twice, and settled in 2017."),
        ("en", "Gucci to launch two stores on Tmall", "Five years after its parent company sued {d} over fakes, Gucci announces a plan to sell on the platform."),
    ],
}  # fmt: skip
KINDS = {
    "complaint_filed": "lawsuit_filed", "withdrawn_as_to_some_defendants": "withdrawn_some", "party_statement": "other",
    "partial_dismissal": "partial_dismissal", "settlement_and_agreed_dismissal": "settlement", "motion_to_amend": "amended",
    "summary_judgment_motions_filed": "other", "partial_summary_judgment": "verdict",
    "settlement_dismissal_with_prejudice": "settlement", "jury_verdict": "verdict",
    "final_judgment_permanent_injunction": "injunction", "post_trial_motions_denied": "other",
}  # fmt: skip
NAMES = {
    "Kering": [("Gucci", "Alibaba"), ("Kering", "Alibaba"), ("Gucci America", "Alibaba Group")],
    "Nike": [("Nike", "StockX")],
    "Chanel": [("Chanel", "What Goes Around Comes Around"), ("Chanel", "WGACA")],
}


def histories() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]


def told(history: dict[str, Any]) -> list[dict[str, Any]]:
    """Articles of one history, several for each of its events, in order of date."""
    pairs = next(pairs for name, pairs in NAMES.items() if name in history["case"])
    rows = []
    for number, event in enumerate(history["timeline"]):
        day = date.fromisoformat(
            (event["date"] + "-20")[:10] if len(event["date"]) == 7 else f"{event['date']}-05-20"[:10]
        )
        for which, (lang, title, text) in enumerate(TOLD[event["event"]]):
            plaintiff, defendant = pairs[(number + which) % len(pairs)]
            facts = {
                "p": plaintiff, "d": defendant, "court": history["court"], "day": f"{day:%B} {day.day}, {day.year}",
                "docket": f"The case is {event['docket']}." if event.get("docket") and which == 0 else "",
            }  # fmt: skip
            rows.append(
                {
                    "lang": lang,
                    "date": day.isoformat(),
                    "title": title.format(**facts),
                    "text": text.format(**facts),
                }
            )
    return rows


@pytest.fixture
def memory() -> Iterator[Store]:
    store = Store.open("sqlite:///:memory:")
    yield store
    store.close()


def shown(case: Case) -> list[tuple[str, str]]:
    return [(event.kind, str(event.when)[:7]) for event in case.events]


def wanted(history: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (KINDS[event["event"]], event["date"][:7] if len(event["date"]) > 4 else f"{event['date']}-05")
        for event in history["timeline"]
        if event["event"] in KINDS
    ]


@pytest.mark.parametrize("order", ["by date", "backwards"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_history_becomes_one_case_with_every_event_and_no_other(
    memory: Store, number: int, order: str
) -> None:
    history = histories()[number]
    rows = told(history)
    for row in rows if order == "by date" else reversed(rows):
        bring(memory, [row])
        understand(memory, clock=lambda: NOW, analyser=analyser())
    (case,) = cases(memory)
    assert shown(case) == wanted(history)
    assert case.status == ("judgment" if "Chanel" in history["case"] else "settled")


def test_all_three_at_once_are_three_cases(memory: Store) -> None:
    rows = sorted((row for history in histories() for row in told(history)), key=lambda row: row["date"])
    bring(memory, rows)
    understand(memory, clock=lambda: NOW, analyser=analyser())
    found = {next(iter(case.plaintiffs)): case for case in cases(memory)}
    assert len(found) == len(cases(memory)) == 3
    assert sorted(map(shown, cases(memory))) == sorted(map(wanted, histories()))
