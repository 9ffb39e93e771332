"""Encodings are told from the bytes, also from the few that are not ASCII."""

from __future__ import annotations

import pytest

from nlp.dumps import read
from nlp.formats.encodings import detect
from nlp.formats.legacy import guess_legacy

TEXTS = {
    "cp1252": [
        "Sac à main brodé, très bon état",
        "Größe 42, schöne Stiefel",
        "Bolso de señora, edición única",
        "78,73 €",
    ],
    "cp1251": ["Кожаная сумка, почти новая", "Кросівки, розмір 42", "Часы мужские, с коробкой"],
    "gb18030": ["真皮手提包,九成新", "运动鞋 全新 包邮", "女士手表,带包装盒"],
    "cp932": ["革のハンドバッグ、美品です", "スニーカー 新品", "腕時計(箱付き)"],
    "cp949": ["가죽 핸드백, 거의 새것", "운동화 새상품", "손목시계 박스 포함"],
    "big5hkscs": ["真皮手提包,九成新", "運動鞋 全新 免運", "女錶附盒"],
    "cp1254": ["Deri çanta, az kullanılmış", "Spor ayakkabı, yeni ürün, İndirimli"],
    "cp1250": ["Skórzana torebka, prawie nowa, świetna jakość", "Kožená kabelka, téměř nová, růžová"],
    "cp1256": ["حقيبة جلدية شبه جديدة", "ساعة رجالية مع العلبة"],
    "cp874": ["กระเป๋าหนังแท้ สภาพดี", "รองเท้าผ้าใบ ของใหม่"],
    "cp1253": ["Δερμάτινη τσάντα, σχεδόν καινούργια"],
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_a_legacy_encoding_is_guessed_so_that_the_text_reads_right(encoding):
    raw = "\n".join(TEXTS[encoding]).encode(encoding)
    assert raw.decode(guess_legacy(raw)) == raw.decode(encoding)


@pytest.mark.parametrize(
    "encoding", [*TEXTS, "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32"]
)
def test_a_dump_in_any_encoding_gives_the_same_titles(tmp_path, encoding):
    titles = TEXTS.get(encoding, [text for texts in TEXTS.values() for text in texts])
    text = "id\ttitle\tprice\n" + "".join(f"{n}\t{title}\t5\n" for n, title in enumerate(titles))
    (tmp_path / "a.tsv").write_bytes(text.encode(encoding))
    rejected = []
    batches = list(read([tmp_path / "a.tsv"], on_reject=rejected.append))
    assert [title for batch in batches for title in batch.column("title").to_pylist()] == titles
    assert not rejected


def test_files_of_one_run_may_differ_in_encoding(tmp_path):
    for encoding in ("cp1252", "cp1251", "gb18030", "cp932"):
        (tmp_path / f"{encoding}.csv").write_bytes(("title\n" + TEXTS[encoding][1]).encode(encoding))
    batches = list(read([tmp_path / "*.csv"], on_reject=print))
    found = {title for batch in batches for title in batch.column("title").to_pylist()}
    assert len(found) == 4
    assert ["Кросівки", " розмір 42"][0] in {title.split(",")[0] for title in found}


def test_a_few_bad_lines_do_not_change_the_encoding_of_a_file():
    good = "\n".join(TEXTS["gb18030"] * 5).encode()
    assert detect(good + b"\ncaf\xe9\n").name == "utf-8"
    assert detect(good + b"\ncaf\xe9\n").legacy == "cp1252"


def test_the_last_character_of_a_long_head_may_be_cut():
    head = ("title\n" + "é" * 2**20).encode()[: 2**20 + 1]
    assert detect(head + b"").name == "utf-8"
