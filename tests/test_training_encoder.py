"""The base encoder's training on a corpus of a few phrases: vocabulary, alignment, loop, resume, folder."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from nlp.errors import ConfigError, DumpError
from training.alignment import AlignmentConfig, align
from training.encoder import EncoderConfig, Sources, read_config, train_encoder
from training.encoder_data import TokenRows, collect_phrases, tokenize_phrases
from training.encoder_loop import LoopConfig, batches
from training.parallel import LANGUAGES, clean, emoji_names, read_brand_pairs, read_glossary, read_pairs
from training.vocabulary import VocabularyConfig, train_on

WORDS = {
    "red": ("rot", "красный"), "bag": ("Tasche", "сумка"), "shoe": ("Schuh", "туфля"), "watch": ("Uhr", "часы"),
    "new": ("neu", "новый"), "cheap": ("billig", "дешёвый"), "copy": ("Kopie", "копия"), "leather": ("Leder", "кожа"),
}  # fmt: skip


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "corpora"
    for column, lang in enumerate(("de", "ru")):
        file = folder / "parallel" / "shop" / f"{lang}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"{first} {second}\t{WORDS[first][column]} {WORDS[second][column]}"
            for first in WORDS for second in WORDS if first != second
        ]  # fmt: skip
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    mono = folder / "mono" / "sentences"
    mono.mkdir(parents=True)
    (mono / "en.txt").write_text("a cheap copy of a red bag\nthe watch is new\n", encoding="utf-8")
    lexicon = folder.parent / "lexicon"
    lexicon.mkdir()
    (lexicon / "cues.tsv").write_text("lang\tphrase\nde\teins zu eins Kopie\n", encoding="utf-8")
    (lexicon / "brands.tsv").write_text(
        "canonical\towner\tsector\tlang\talias\tkind\tnote\tbasis\n"
        "Nike\tNike\tsport\tru\tнайк\ttransliteration\t\tknowledge\n"
        "Nike\tNike\tsport\tla\tN!ke\tobfuscation\t\tknowledge\n"
        "Nike\tNike\tsport\tzh\t耐客\ttransliteration\tunsure\tknowledge\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("teacher")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "a", "of", "the", "is", *"0123456789.,:"]
    tokenizer = Tokenizer(
        models.WordPiece({piece: row for row, piece in enumerate(pieces)}, unk_token="[UNK]")  # noqa: S106 - a piece
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    import torch

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def recipe():
    return EncoderConfig(
        layers=(1,),
        length=12,
        joined=30,
        vocabulary=VocabularyConfig(size=4_000, lines=100, repeat=2, rarest=1),
        alignment=AlignmentConfig(iterations=8),
        loop=LoopConfig(
            steps=12,
            batch_tokens=128,
            round_phrases=60,
            warmup=2,
            save_every=4,
            export_every=8,
            threads=1,
            masked=0.3,
            masked_tokens=64,
            device="cpu",
        ),
    )


@pytest.fixture
def sources(corpora, teacher):
    return Sources(corpora=corpora, lexicon=corpora.parent / "lexicon", teacher=teacher)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("<b>Add %s</b> to cart", "Add to cart"),
        ("Hello {{ name }}!", "Hello !"),
        ("100 % 200", ""),
        ("  two\t words ", "two words"),
        ("x" * 301, ""),
    ],
)
def test_markup_and_placeholders_do_not_reach_the_student(raw, cleaned):
    assert clean(raw) == cleaned


def test_untranslated_and_wrong_script_pairs_are_left_out(tmp_path):
    file = tmp_path / "parallel" / "x" / "ru.tsv"
    file.parent.mkdir(parents=True)
    file.write_text("Cart\tCart\nCart\tKorzina\nCart\tКорзина\nCart\tКорзина\n", encoding="utf-8")
    assert [(pair.english, pair.text) for pair in read_pairs(tmp_path)] == [("Cart", "Корзина")]


def test_an_empty_corpus_is_named(tmp_path):
    with pytest.raises(DumpError, match="parallel"):
        read_pairs(tmp_path)


def test_disguises_and_unsure_aliases_teach_nothing(corpora):
    pairs = read_brand_pairs(corpora.parent / "lexicon" / "brands.tsv")
    assert [(pair.lang, pair.text) for pair in pairs] == [("ru", "найк")]


def test_pictographs_have_english_names():
    assert emoji_names()["🔥"] == "fire"


def test_nothing_is_unknown_and_digits_stand_alone():
    tokenizer = train_on(
        ["copy bag 12", "kopie tasche 34"] * 20, ["replica"], VocabularyConfig(size=3_600, rarest=1, repeat=5)
    )
    for text in ("copy 1234 €", "ꙮ never seen 𓀀", "BAG\u200b \u00adCopy", "🔥🔥50%"):
        encoded = tokenizer.encode(text)
        assert "[UNK]" not in encoded.tokens
        assert all(0 <= start <= end <= len(text) for start, end in encoded.offsets)
    assert tokenizer.encode("COPY\u200b").ids == tokenizer.encode("copy").ids
    assert [t.strip("▁") for t in tokenizer.encode("98", add_special_tokens=False).tokens] == ["9", "8"]


def test_brands_cues_and_everyday_characters_are_not_cut_up():
    tokenizer = train_on(
        ["a b c"] * 9, ["Dsquared Kopie", "复刻"], VocabularyConfig(size=3_600, rarest=1, repeat=1)
    )
    assert tokenizer.encode("dsquared KOPIE", add_special_tokens=False).tokens == ["▁dsquared", "▁kopie"]
    assert "复刻" in tokenizer.encode("高仿复刻鞋", add_special_tokens=False).tokens
    spelt = tokenizer.encode("裤裙靴 핏 ぢ ₹₫ ş ў ९", add_special_tokens=False).tokens
    assert not any(token.startswith("<0x") for token in spelt)


def test_the_glossary_has_every_language_in_its_own_script():
    pairs = read_glossary()
    assert {pair.lang for pair in pairs} == set(LANGUAGES) - {"en"}
    russian = [pair.text for pair in pairs if pair.lang == "ru"]
    assert len(russian) > 70
    assert all("а" <= text[0] <= "я" for text in russian)


def test_alignment_finds_the_translations():
    ours, theirs = {"rot": 5, "tasche": 6, "uhr": 7}, {"red": 0, "bag": 1, "watch": 2}
    phrases = [
        (("rot", "tasche"), ("red", "bag")),
        (("rot", "uhr"), ("red", "watch")),
        (("tasche", "uhr"), ("bag", "watch")),
    ]
    ids = [[2, *(ours[w] for w in left), 3] for left, _ in phrases]
    rows = TokenRows(
        ids=np.concatenate([np.array(row, np.uint16) for row in ids]),
        starts=np.array([0, 4, 8, 12]),
        langs=np.full(3, 7, np.int8),
        targets=np.arange(3, dtype=np.int32),
    )
    english = [np.array([theirs[w] for w in right]) for _, right in phrases]
    counts = align(rows, english, (8, 3), AlignmentConfig(iterations=20)).toarray()
    assert [int(counts[ours[w]].argmax()) for w in ours] == [0, 1, 2]


def test_every_phrase_of_a_language_is_seen_before_one_returns(sources, recipe):
    phrases = collect_phrases(sources.corpora, None)
    tokenizer = train_on(phrases.texts, [], recipe.vocabulary)
    rows = tokenize_phrases(phrases, tokenizer, recipe.length)
    german = np.flatnonzero(rows.langs == 7)
    seen: list[int] = []
    for _, batch in batches(rows, recipe.loop, (0, 0)):
        seen += [number for number in batch if rows.langs[number] == 7]
        if len(seen) >= len(german):
            break
    first = seen[: len(german)]
    assert len(first) == len(german)
    assert len(set(first)) >= len(german) - 8


def test_a_killed_run_ends_in_the_same_weights(tmp_path, sources, recipe, monkeypatch):
    from safetensors.numpy import load_file

    whole = train_encoder(sources, tmp_path / "whole", recipe)
    import training.encoder as module

    # The trainer of the vocabulary breaks ties at random; what is under test starts after it.
    (tmp_path / "killed").mkdir()
    shutil.copy(tmp_path / "whole" / "tokenizer.json", tmp_path / "killed")
    real = module.fit
    monkeypatch.setattr(module, "fit", lambda *args, **options: real(*args, **options, stop_at=6))
    train_encoder(sources, tmp_path / "killed", recipe)
    monkeypatch.setattr(module, "fit", real)
    resumed = train_encoder(sources, tmp_path / "killed", recipe)
    left, right = load_file(whole / "model.safetensors"), load_file(resumed / "model.safetensors")
    assert left.keys() == right.keys()
    for name, value in left.items():
        np.testing.assert_array_equal(value, right[name], err_msg=name)


def test_the_folder_loads_in_transformers_and_lists_its_modules(tmp_path, sources, recipe):
    from transformers import AutoModel, AutoTokenizer

    short = dataclasses.replace(recipe, loop=dataclasses.replace(recipe.loop, steps=3))
    folder = train_encoder(sources, tmp_path / "out", short)
    model = AutoModel.from_pretrained(folder, local_files_only=True)
    batch = AutoTokenizer.from_pretrained(folder, local_files_only=True)(
        ["neu 🔥", "Leder"], padding=True, return_tensors="pt"
    )
    assert (
        model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state.shape[
            -1
        ]
        == 16
    )
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    assert all((folder / module["path"]).is_dir() for module in modules)
    assert Path((tmp_path / "out" / "READY").read_text(encoding="utf-8").strip()) == folder


def test_a_student_of_another_width_starts_from_scratch_and_learns(tmp_path, sources, recipe):
    from transformers import AutoModel

    narrow = dataclasses.replace(recipe, width=32, layers=(0, 1))
    folder = train_encoder(sources, tmp_path / "out", narrow)
    model = AutoModel.from_pretrained(folder, local_files_only=True)
    assert (model.config.hidden_size, model.config.num_hidden_layers) == (32, 2)
    import training.encoder as module

    start = module.blank_student(
        module._load_teacher(sources.teacher).model, model.config.vocab_size, narrow
    ).embeddings.word_embeddings.weight
    assert (start - model.embeddings.word_embeddings.weight).abs().max() > 1e-4


def test_every_fault_of_a_recipe_is_reported_at_once(tmp_path):
    file = tmp_path / "recipe.toml"
    file.write_text('length = "long"\nlayer = [1]\n[loop]\nsteps = 5\nspeed = 2\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert {fault.split(":")[0] for fault in caught.value.faults} == {"length", "layer", "loop.speed"}


def test_the_packaged_recipe_is_valid():
    assert read_config(Path("training/configs/encoder.toml").resolve()).layers == (0, 1, 2, 3, 4, 5)
