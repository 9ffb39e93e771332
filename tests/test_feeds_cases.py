"""Invented disputes told in several languages: one case each, with its events in order and none that did not happen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from feeds_fixtures import database_url, postgresql_server, store
from feeds_items import analyser, bring

from feeds.store import Store
from feeds.understand import cases, export_items, understand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.records import Case

__all__ = ["database_url", "postgresql_server", "store"]

ARTICLE = Path(__file__).resolve().parents[2] / "shared" / "data" / "news" / "alibaba_kering_article.txt"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LANDLORD = """
2023-03-14|en|Oakley sues Sunset Flea Market over counterfeit sunglasses|Oakley filed a trademark lawsuit against Sunset Flea Market Properties LLC in San Diego federal court on Tuesday, accusing the landlord of letting vendors sell fakes. The docket number is 3:23-cv-00451.
2023-03-15|es|Oakley demanda al mercado de pulgas Sunset por gafas falsas|La marca acusa a Sunset Flea Market Properties de permitir la venta de falsificaciones en San Diego.
2023-07-20|en|Oakley amends complaint against Sunset Flea Market, adds owner as defendant|The amended complaint in the counterfeit sunglasses case 3:23-cv-00451 names the market's owner.
2024-01-11|en|Judge trims Oakley's lawsuit against Sunset Flea Market|The San Diego judge dismissed two state-law claims; the contributory counterfeiting claims go on. 3:23-cv-00451
2024-01-12|es|Juez desestima parte de la demanda de Oakley contra Sunset Flea Market|Las acusaciones de falsificación siguen en pie.
2024-11-06|en|Jury finds Sunset Flea Market liable, awards Oakley $2.4 million over fake sunglasses|After six days of trial in San Diego jurors found that the landlord knew of the counterfeits.
2024-11-07|es|Jurado condena a Sunset Flea Market a pagar 2,4 millones de dólares a Oakley por gafas falsas|El veredicto llega tras seis días de juicio.
2024-12-19|en|Sunset Flea Market appeals $2.4 million Oakley verdict|The landlord asked the Ninth Circuit to overturn the counterfeiting verdict.
2025-10-02|en|Ninth Circuit dismisses Sunset Flea Market's appeal; Oakley counterfeit verdict stands|The appeals court upheld the award.
"""
OTHER_SUIT = """
2023-03-20|en|Oakley sues Bright Optics over fake sunglasses|The complaint against Bright Optics Inc. was filed in San Diego federal court, docket 3:23-cv-00498.
2023-08-02|en|Oakley and Bright Optics settle counterfeit sunglasses case|The parties told the San Diego court that 3:23-cv-00498 is over.
"""
MARKETPLACE = """
2024-02-05|fr|Lacoste assigne Boutikeo en justice pour contrefaçon|La marque au crocodile a assigné la plateforme Boutikeo devant le tribunal judiciaire de Paris. RG 24/01234
2024-02-06|en|Lacoste sues marketplace Boutikeo in Paris over fake polo shirts|The brand accuses the platform of hosting sellers of counterfeit shirts.
2024-06-18|fr|Lacoste se désiste contre deux vendeurs, l'action contre Boutikeo se poursuit|L'action pour contrefaçon contre la plateforme continue devant le tribunal judiciaire de Paris. RG 24/01234
2025-03-27|fr|Contrefaçon : Boutikeo condamnée à verser 350 000 euros à Lacoste|Le tribunal judiciaire de Paris a jugé jeudi que la plateforme était responsable.
2025-03-28|de|Lacoste gewinnt Prozess gegen Boutikeo: 350.000 Euro Schadenersatz wegen Fälschungen|Das Gericht in Paris gab der Marke recht.
2025-05-13|fr|Boutikeo fait appel du jugement en faveur de Lacoste|La plateforme conteste sa condamnation pour contrefaçon devant la cour d'appel de Paris.
2026-01-15|fr|Lacoste et Boutikeo concluent un accord et mettent fin au litige sur les contrefaçons|Les parties ont renoncé à l'appel.
2026-01-16|en|Lacoste and Boutikeo settle counterfeit case|The marketplace will verify sellers. Terms were not disclosed.
"""
MAKER = """
2023-05-09|zh|戴森起诉深圳锐风科技售卖假冒吹风机|戴森在深圳市中级人民法院起诉深圳锐风科技有限公司商标侵权,案号(2023)粤03民初1234号。
2023-06-30|zh|法院对锐风科技发出行为禁令 戴森假冒吹风机案有进展|深圳中院裁定锐风科技立即停止销售被控侵权吹风机,案号(2023)粤03民初1234号。
2024-04-22|zh|戴森诉锐风科技案一审宣判 被告赔偿800万元|法院认定锐风科技假冒戴森商标,判决赔偿800万元。(2023)粤03民初1234号
2024-05-20|zh|锐风科技不服戴森案一审判决提起上诉|假冒吹风机案进入二审,(2023)粤03民初1234号。
2024-12-03|zh|戴森与锐风科技达成和解|双方就假冒吹风机商标纠纷在二审中达成和解。
"""
SHOES = """
2024-09-10|es|Puma demanda a Calzados Rivera por zapatillas falsas|Puma presentó una demanda por infracción de marca contra Calzados Rivera en un juzgado mercantil de Alicante.
2024-09-11|en|Puma sues Spanish shoemaker Calzados Rivera over counterfeit trainers|The lawsuit was filed in Alicante.
2025-02-17|es|El juez desestima parte de la demanda de Puma contra Calzados Rivera|Las acusaciones por falsificación de las zapatillas siguen adelante.
2025-09-30|es|Puma y Calzados Rivera llegan a un acuerdo y ponen fin al pleito por falsificaciones|El fabricante destruirá las existencias.
2025-10-01|it|Puma e Calzados Rivera, accordo sulla causa per le scarpe contraffatte|Il produttore distruggerà le scorte.
"""
PASSING = """
2024-10-02|en|Flea markets fight fakes: what landlords can learn from Oakley's suit|Two years after Oakley sued Sunset Flea Market, many landlords train vendors to spot counterfeits.
2024-10-04|es|Puma abre una tienda en Alicante|Puma, que demandó a Calzados Rivera por falsificaciones, inauguró una tienda.
2025-06-06|en|Oakley opens flagship store|The brand celebrates 50 years.
"""


def rows_of(*texts: str) -> list[dict[str, Any]]:
    rows = []
    for line in filter(None, "".join(texts).splitlines()):
        day, lang, title, text = line.split("|")
        rows.append({"date": day, "lang": lang, "title": title, "text": text})
    return sorted(rows, key=lambda row: row["date"])


def shown(case: Case) -> list[str]:
    return [f"{event.when} {event.kind} {len(event.items)}" for event in case.events]


def read(store: Store, rows: list[dict[str, Any]], *, apart: bool = True) -> tuple[Case, ...]:
    for some in [[row] for row in rows] if apart else [rows]:
        bring(store, some)
        understand(store, clock=lambda: NOW, analyser=analyser())
    return cases(store)


@pytest.fixture
def memory() -> Iterator[Store]:
    opened = Store.open("sqlite:///:memory:")
    yield opened
    opened.close()


def test_a_landlord_is_sued_loses_and_appeals(memory: Store) -> None:
    (case,) = read(memory, rows_of(LANDLORD, PASSING))
    assert shown(case) == [
        "2023-03-14 lawsuit_filed 2", "2023-07-20 amended 1", "2024-01-11 partial_dismissal 2", "2024-11-06 verdict 2",
        "2024-12-19 appeal 1", "2025-10-02 appeal 1",
    ]  # fmt: skip
    assert [docket.key for docket in case.dockets] == ["us:23-cv-451"]
    assert "Oakley" in case.plaintiffs
    assert "Sunset Flea Market" in case.defendants[0]


def test_two_suits_of_one_brand_before_one_court_stay_apart(memory: Store) -> None:
    found = read(memory, rows_of(LANDLORD, OTHER_SUIT))
    assert sorted(case.status for case in found) != []
    settled, other = sorted(found, key=lambda case: len(case.events))
    assert shown(settled) == ["2023-03-20 lawsuit_filed 1", "2023-08-02 settlement 1"]
    assert settled.status == "settled"
    assert len(other.events) == 6


def test_a_marketplace_in_french_english_and_german(memory: Store) -> None:
    (case,) = read(memory, rows_of(MARKETPLACE))
    assert shown(case) == [
        "2024-02-05 lawsuit_filed 2", "2024-06-18 withdrawn_some 1", "2025-03-27 verdict 2", "2025-05-13 appeal 1",
        "2026-01-15 settlement 2",
    ]  # fmt: skip
    assert case.status == "settled"


def test_a_maker_in_chinese(memory: Store) -> None:
    (case,) = read(memory, rows_of(MAKER))
    assert shown(case) == [
        "2023-05-09 lawsuit_filed 1", "2023-06-30 injunction 1", "2024-04-22 verdict 1", "2024-05-20 appeal 1",
        "2024-12-03 settlement 1",
    ]  # fmt: skip
    assert case.status == "settled"


def test_a_shoemaker_in_spanish_english_and_italian(memory: Store) -> None:
    (case,) = read(memory, rows_of(SHOES, PASSING))
    assert shown(case) == [
        "2024-09-10 lawsuit_filed 2",
        "2025-02-17 partial_dismissal 1",
        "2025-09-30 settlement 2",
    ]


def test_all_disputes_at_once_are_five_cases(memory: Store) -> None:
    rows = rows_of(LANDLORD, OTHER_SUIT, MARKETPLACE, MAKER, SHOES, PASSING)
    found = read(memory, rows, apart=False)
    assert sorted(len(case.events) for case in found) == [2, 3, 5, 5, 6]


def test_a_case_stays_the_same_when_articles_come_backwards(memory: Store) -> None:
    (case,) = read(memory, rows_of(LANDLORD)[::-1])
    assert [event.kind for event in case.events] == [
        "lawsuit_filed", "amended", "partial_dismissal", "verdict", "appeal", "appeal",
    ]  # fmt: skip


@pytest.mark.skipif(not ARTICLE.is_file(), reason=f"no {ARTICLE}")
def test_a_badly_translated_page_is_a_withdrawal_in_part_and_dates_the_filing(memory: Store) -> None:
    title = "Ali shook hands with the opening of the cloud cooperation to combat counterfeit luxury goods"
    page = {"date": "2014-08-12", "lang": "en", "title": title, "text": ARTICLE.read_text("utf-8")}
    (case,) = read(memory, [page])
    assert shown(case) == ["2014-07-09 lawsuit_filed 1", "2014-08-12 withdrawn_some 1"]
    assert case.status == "open"
    assert set(case.plaintiffs) == {"Gucci", "Kering"}
    assert case.defendants == ("Alibaba Group",)
    assert case.events[1].doubts
    later = rows_of(
        "2014-08-14|en|Kering withdraws lawsuit against Alibaba, suit against merchants continues|The counterfeit case goes on."
    )
    (case,) = read(memory, later)
    assert shown(case) == ["2014-07-09 lawsuit_filed 1", "2014-08-12 withdrawn_some 2"]
    assert not case.events[1].doubts


def test_a_case_is_stored_alike_on_every_database(store: Store) -> None:
    (case,) = read(store, rows_of(SHOES), apart=False)
    assert case.status == "settled"
    assert [row["case"] for row in export_items(store)] == [case.id] * 5
    assert understand(store, clock=lambda: NOW, analyser=analyser()).analysed == 0
    assert cases(store) == (case,)
