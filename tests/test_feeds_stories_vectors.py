"""Text vectors: with no model, and out of a folder without torch."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - pytest reads it

import numpy as np
import pytest

from feeds.vectors import EncoderError, FolderEncoder, NgramEncoder, load_encoder, pack, shingles_of, unpack

TEXTS = [
    "Customs seize 3,000 fake Gucci bags in Antwerp",
    "In Antwerp customs seized fake Gucci bags",
    "Stock markets fell on Monday",
]


def test_without_a_model_the_same_words_are_near_and_others_far() -> None:
    first, second, third = NgramEncoder().encode(TEXTS)
    assert first @ second > 0.5
    assert abs(first @ third) < 0.25
    assert not NgramEncoder().encode([""]).any()


def test_vectors_survive_the_database() -> None:
    (vector,) = NgramEncoder().encode(TEXTS[:1])
    assert np.allclose(unpack(pack(vector)), vector, atol=1e-3)


@pytest.mark.parametrize("text", ["", "한국 세관", "海关查获假冒手袋三千个", "one two three four five six"])
def test_near_duplicates_share_shingles(text: str) -> None:
    assert len(shingles_of(text)) == 4
    assert set(shingles_of(text)) == set(shingles_of(text.upper()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny encoder with random weights, as sentence-transformers lays it out."""
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    path = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted(set(" ".join(TEXTS).split()))]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(path / "tokenizer.json"))
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=64, initializer_range=0.3,
    )  # fmt: skip
    transformers.BertModel(config).eval().save_pretrained(path)
    (path / "1_Pooling").mkdir()
    (path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    (path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 48}))
    return path


def test_a_folder_gives_the_vectors_that_torch_gives(folder: Path) -> None:
    import torch
    from transformers import BertModel

    encoder = load_encoder(folder)
    assert encoder.multilingual
    model = BertModel.from_pretrained(folder).eval()
    for text, vector in zip(TEXTS, encoder.encode(TEXTS), strict=True):
        ids = torch.tensor([encoder._tokenizer.encode(text).ids])  # type: ignore[attr-defined]
        with torch.no_grad():
            states = model(input_ids=ids).last_hidden_state[0].mean(0)
        assert np.allclose(vector, (states / states.norm()).numpy(), atol=1e-5)


def test_a_long_text_is_cut_and_ends_as_it_should(folder: Path) -> None:
    encoder = FolderEncoder(folder)
    (long,) = encoder.encode([" ".join(TEXTS * 30)])
    assert np.isclose(np.linalg.norm(long), 1)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("config.json", "{", "config.json cannot be read"),
        ("config.json", '{"model_type": "t5"}', "only bert"),
        ("model.safetensors", "no", "model.safetensors cannot be read"),
        ("1_Pooling/config.json", '{"pooling_mode_cls_token": true}', "only mean pooling"),
    ],
)
def test_a_folder_that_is_no_encoder_says_why(
    folder: Path, tmp_path: Path, *, name: str, content: str, reason: str
) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / name).write_text(content)
    with pytest.raises(EncoderError, match=reason):
        load_encoder(broken)


def test_no_folder_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"config\.json"):
        load_encoder(tmp_path / "none")
