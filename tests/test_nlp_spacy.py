from __future__ import annotations

import pytest

spacy = pytest.importorskip("spacy")

import nlp.entities.factories  # noqa: E402, F401 - registers the components where the package is not installed

TEXT = "bolso G*cci nuevo, funda para iPhone 15, wasap +34 611 20 30 41"


def blank(lang: str = "xx"):
    return spacy.blank(lang)


def test_brands_stand_in_a_span_group_with_name_and_way():
    pipeline = blank()
    pipeline.add_pipe("fauxwatch_brands")
    doc = pipeline(TEXT)
    spans = doc.spans["fauxwatch_brands"]
    assert [
        (span.text, span._.fauxwatch_brand, span._.fauxwatch_how, span._.fauxwatch_offered) for span in spans
    ] == [
        ("G*cci", "Gucci", "disguise", True),
        ("iPhone 15", "Apple", "alias", False),
    ]


@pytest.mark.parametrize("lang", ["en", "de", "ru", "ar", "hi", "xx"])
def test_pipelines_of_any_language_carry_the_component(lang):
    pipeline = blank(lang)
    pipeline.add_pipe("fauxwatch_brands", config={"annotate_ents": True})
    doc = pipeline("Gucci")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Gucci", "BRAND")]


def test_entities_of_the_pipeline_are_kept():
    pipeline = blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "ORG", "pattern": "Gucci bag"}])
    pipeline.add_pipe("fauxwatch_brands", config={"annotate_ents": True})
    assert [(ent.text, ent.label_) for ent in pipeline("Gucci bag by Nike").ents] == [
        ("Gucci bag", "ORG"),
        ("Nike", "BRAND"),
    ]


def test_matches_keep_exact_offsets_where_tokens_are_coarser():
    pipeline = blank()
    pipeline.add_pipe("fauxwatch_brands")
    doc = pipeline("新款香奈儿包包")
    (match,) = doc._.fauxwatch_brands
    assert doc.text[match.start : match.end] == match.text == "香奈儿"


def test_own_brands_survive_saving_and_loading(tmp_path):
    own = tmp_path / "own.tsv"
    own.write_text("canonical\talias\nMarlow & Finch\tMarlow & Finch\n", encoding="utf-8")
    pipeline = blank()
    pipeline.add_pipe("fauxwatch_brands", config={"lexicon": str(own)})
    pipeline.to_disk(tmp_path / "pipeline")
    data = pipeline.to_bytes()
    again = blank()
    again.add_pipe("fauxwatch_brands")
    again.from_bytes(data)
    own.unlink()
    other = blank()
    other.add_pipe("fauxwatch_brands")
    other.from_disk(tmp_path / "pipeline")
    for loaded in (again, other, spacy.load(tmp_path / "pipeline")):
        doc = loaded("Marlow & Finch tote")
        assert [span._.fauxwatch_brand for span in doc.spans["fauxwatch_brands"]] == ["Marlow & Finch"]


def test_sellers_and_contacts_stand_in_their_own_group():
    pipeline = blank()
    pipeline.add_pipe("fauxwatch_sellers")
    pipeline.from_bytes(pipeline.to_bytes())
    doc = pipeline(TEXT)
    spans = doc.spans["fauxwatch_sellers"]
    assert "+34611203041" in {span._.fauxwatch_value for span in spans}


def test_a_missing_file_of_own_brands_is_reported_when_the_component_runs(tmp_path):
    pipeline = blank()
    pipeline.add_pipe("fauxwatch_brands", config={"lexicon": str(tmp_path / "gone.tsv")})
    with pytest.raises(FileNotFoundError, match=r"gone\.tsv"):
        pipeline("Gucci")
