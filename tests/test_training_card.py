"""The bundled model's card is what its figures give, here and in model_cards/."""

from pathlib import Path

from nlp.artefact import model_path
from training.card import card_is_current

ROOT = Path(__file__).parent.parent


def test_the_bundled_card_and_its_copy_are_what_the_figures_give():
    assert card_is_current(model_path("bundled"), ROOT / "model_cards" / "fauxwatch-small.md")


def test_a_figure_changed_by_hand_is_noticed(tmp_path):
    copy = tmp_path / "card.md"
    copy.write_text((model_path("bundled") / "README.md").read_text(encoding="utf-8").replace("0.", "1.", 1))
    assert not card_is_current(model_path("bundled"), copy)
