import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.markup import MarkupError, read_markup, strip_spans

PAIR = """@12a yes wallapop bolso
T: Bolso [[o|[[B:Gucci|G*cci]]]] [[r|calidad espejo]]
D: [[x|Escríbeme al wasap [[k:whatsapp|611 20 30 41]]]]
P: 45.50 EUR
W: mirror quality

@12b no wallapop bolso
T: Bolso [[B:Gucci|Gucci]] con espejo
C:
W: genuine"""


def test_marked_words_slice_back():
    rows, faults = read_markup(PAIR, "es")
    assert faults == []
    for row in rows:
        for span in row["cues"] + row["brands"] + row["contacts"]:
            assert row[span["field"]][span["start"] : span["end"]] == span["text"]
    assert [cue["cue"] for cue in rows[0]["cues"]] == [
        "brand_obfuscation",
        "replica_claim",
        "off_platform_contact",
    ]
    assert rows[0]["contacts"][0]["kind"] == "whatsapp"
    assert (rows[0]["price"], rows[0]["currency"], rows[0]["pair"]) == (45.5, "EUR", "es-12")


@pytest.mark.parametrize(
    ("spoiled", "says"),
    [
        (PAIR.replace("@12b no", "@12b yes"), "a pair needs one yes and one no"),
        (PAIR.replace("P: 45.50 EUR", "P: 45,50 €"), "is not 'number ISO-currency'"),
        (PAIR.replace("[[r|", "[[q|"), "unknown code"),
        (PAIR.replace("espejo]]\n", "espejo\n"), "is not closed"),
        (PAIR.replace("W: genuine", ""), "no reason"),
        (PAIR.replace("C:", "C: too_cheap"), "unknown cue"),
        (PAIR.replace("@12b no wallapop bolso", "@12b maybe"), "expected '@number"),
        (PAIR.replace("@12b", "@12a"), "this id stands twice"),
    ],
)
def test_a_fault_is_named_and_the_rest_is_read(spoiled, says):
    _, faults = read_markup(spoiled, "es")
    assert any(says in fault for fault in faults), faults


@given(st.text(alphabet="ab[]|:rB x"))
def test_any_text_is_read_or_refused(text):
    try:
        plain, spans = strip_spans(text, "x")
    except MarkupError:
        return
    assert all(0 <= start <= end <= len(plain) for _, _, start, end in spans)
