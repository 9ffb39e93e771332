import pytest

from nlp.automata import automaton_of
from nlp.entities.contacts import find_contacts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("whatsapp six one two three four five six seven eight", "612345678"),
        ("whatsapp o7700 9OO 455", "07700900455"),
        ("whatsapp 6 two 2 three 4 five 6 7 8", "622345678"),
        ("whatsapp ❻❶❷ ❸❹❺ ❻❼❽", "612345678"),
        ("微信 一三八〇〇一三八〇〇〇", "13800138000"),
        ("тел девять два шесть пять пять пять один два три", "926555123"),
    ],
)
def test_numbers_in_words_and_signs_are_read(text, value):
    assert [match.value.lstrip("+")[-len(value) :] for match in find_contacts(text)] == [value]


@pytest.mark.parametrize(
    "text", ["one on un six", "size 42 on sale, un sac", "10 on 2 oo", "seisseis", "dot com www"]
)
def test_words_for_digits_alone_are_no_contact(text):
    assert not find_contacts(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("see Bags . Example . COM or www . gucci-store . com", "gucci-store.com"),
        ("shop[.]com", "shop.com"),
        ("lu at mail dot com", "lu@mail.com"),
        ("HTTPS://Store.Example/Catalog?x=1", "store.example/catalog"),
    ],
)
def test_addresses_in_pieces_are_read(text, value):
    assert [match.value for match in find_contacts(text)] == [value]


def test_an_automaton_finds_each_word_where_it_ends():
    found = automaton_of({"he": 1, "she": 2, "她": 3}, nothing=0)
    assert list(found.iter("she 她")) == [(2, 2), (2, 1), (4, 3)]
    assert list(automaton_of({}, nothing=0).iter("she")) == []
