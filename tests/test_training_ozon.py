"""The Ozon check on a made-up table of the same shape: columns, shares, sellers as the real one has them."""

import csv
import json
import random

import pytest

from nlp.errors import DumpError
from training.ozon import KNOWN, check_ozon, convert
from training.recipe import TeamConfig
from training.team import Say

COLUMNS = (
    "id", "resolution", "brand_name", "description", "name_rus", "CommercialTypeName4", "rating_1_count",
    "PriceDiscounted", "item_time_alive", "seller id", "ItemReturns",
)  # fmt: skip


def write_table(path, rows=220):
    rng = random.Random(8)
    brands = ("Nike", "Adidas", "Chanel", "Xiaomi")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for at in range(rows):
            seller = rng.randrange(40)
            fake = rng.random() < (0.5 if seller < 12 else 0.02)
            brand = rng.choice(brands)
            words = rng.sample(
                [
                    "кроссовки",
                    "мужские",
                    "женские",
                    "сумка",
                    "духи",
                    "новые",
                    "стильные",
                    "черные",
                    "белые",
                    "подарок",
                    "набор",
                ],
                5,
            )
            text = f"{' '.join(words)} {'люкс копия' if fake and rng.random() < 0.6 else brand} {at}"
            writer.writerow(
                [at, int(fake), "" if fake else brand, f"<p>{text} описание {rng.random():.6f}</p>", text, rng.choice(("Обувь", "Сумки")),
                 rng.randrange(50) + 20 * fake, rng.randrange(500, 9000), rng.randrange(1000), 900_000 + seller, ""]
            )  # fmt: skip


def test_the_check_runs_on_a_table_of_that_shape_and_writes_its_figures(tmp_path):
    write_table(tmp_path / "ozon.csv")
    quiet = Say(lambda _: None, lambda *_: None)
    found = check_ozon(
        tmp_path / "ozon.csv", tmp_path / "out", config=TeamConfig(seeds=1, folds=3), say=quiet
    )
    written = json.loads((tmp_path / "out" / "ozon.json").read_text())
    assert written["known"] == KNOWN
    for name in ("text", "text and columns", "table"):
        assert 0 < written[name]["pr_auc"]["value"] <= 1
    assert found["table"]["columns"] == 3
    assert (tmp_path / "out" / "text" / "MANIFEST.json").is_file()


def test_the_columns_become_those_of_a_dump(tmp_path):
    write_table(tmp_path / "ozon.csv", rows=3)
    assert convert(tmp_path / "ozon.csv", tmp_path / "labelled.csv") == [
        "rating_1_count",
        "item_time_alive",
        "ItemReturns",
    ]
    head, first, *_ = list(csv.reader((tmp_path / "labelled.csv").read_text(encoding="utf-8").splitlines()))
    assert head[:9] == [
        "id",
        "title",
        "description",
        "price",
        "brand",
        "category",
        "seller",
        "counterfeit",
        "currency",
    ]
    assert first[8] == "RUB"


def test_another_table_is_refused_with_what_is_missing(tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(
        DumpError, match=r"lacks title \(name_rus or name\), counterfeit \(resolution or label\), seller"
    ):
        convert(tmp_path / "other.csv", tmp_path / "labelled.csv")
