from hypothesis import given
from hypothesis import strategies as st

from nlp.text import drop_invisible, fold, is_spaceless, lower, nfkc, script_of, strip_accents

STEPS = (nfkc, drop_invisible, lower, strip_accents)


@given(st.text())
def test_folding_keeps_the_way_back(text):
    folded = fold(text, *STEPS)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    for at in range(len(folded.text)):
        start, end = folded.span(at, at + 1)
        assert 0 <= start < end <= len(text)
        assert folded.text[at] in fold(text[start:end], *STEPS).text


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    once = fold(text, *STEPS).text
    assert fold(once, lower).text == once


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_agrees_with_the_long_one(text):
    long_way = fold("é" + text, nfkc, lower)
    assert fold(text, nfkc, lower).text == long_way.text[1:]


@given(st.text(), st.text())
def test_a_space_parts_what_is_folded(left, right):
    whole = fold(f"{left} {right}", *STEPS)
    one, other = fold(left, *STEPS), fold(f" {right}", *STEPS)
    assert whole.text == one.text + other.text
    assert list(whole.starts) == [*one.starts, *(len(left) + at for at in other.starts)]
    assert list(whole.ends) == [*one.ends, *(len(left) + at for at in other.ends)]


def test_disguises_fold_to_the_plain_word():
    for disguised in ("Ｇｕｃｃｉ", "Gu\u200bcci", "Guccí", "𝐆𝐮𝐜𝐜𝐢", "GUCCI\u0301", "G\u00aducci"):
        assert fold(disguised, *STEPS).text == "gucci", disguised


def test_marks_that_carry_meaning_stay():
    for word in ("ก๊อป", "हिन्दी", "йогурт"):
        assert fold(word, *STEPS).text == word


def test_scripts_and_word_boundaries():
    assert [script_of(char) for char in "aжグ古구غ1 "] == [
        "LATIN",
        "CYRILLIC",
        "KATAKANA",
        "HAN",
        "HANGUL",
        "ARABIC",
        "",
        "",
    ]
    assert is_spaceless("古")
    assert is_spaceless("ก")
    assert not is_spaceless("구")
