"""The base encoder: a small multilingual student of all-MiniLM-L6-v2, made from permissive parallel text.

``python -m training.encoder --data CORPORA -o DIR`` writes ``DIR/final`` in sentence-transformers' folder layout.
Each stage leaves a file in DIR (tokenizer, token rows, start, teacher's targets, checkpoint) and is not repeated when the
command is run again, so a killed run goes on where it was, on another machine too if DIR is taken there. ``DIR/READY`` names the newest usable export.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import os
import shutil
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nlp.errors import ConfigError, FauxwatchError
from training.alignment import AlignmentConfig, Bitext, initial_embeddings
from training.encoder_data import (
    Phrases,
    TokenRows,
    collect_phrases,
    load_rows,
    read_sentence_rows,
    save_rows,
    tokenize_phrases,
)
from training.encoder_loop import Lesson, LoopConfig, fit
from training.teacher import find_teacher, teacher_targets
from training.vocabulary import VocabularyConfig, train_vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)
_DEFAULTS = Path(__file__).parent / "configs" / "encoder.toml"
_EXPORT_LENGTH = (
    256  # tokens a user's text is cut to; positions beyond the training length come from the teacher
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Folders that are read: ``corpora`` with parallel/ and mono/, ``lexicon`` with cues.tsv and brands.tsv, ``teacher``."""

    corpora: Path
    lexicon: Path
    teacher: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """The recipe: ``layers`` of the teacher's that the student keeps, the longest training phrase, and each stage's own.

    With a ``width`` the student starts from scratch, that wide, with as many layers as are named. ``length`` is in tokens,
    below 256; ``joined`` texts are made from several phrases each.
    """

    layers: tuple[int, ...] = (0, 2, 5)
    width: int = 0
    length: int = 48
    joined: int = 0
    vocabulary: VocabularyConfig = field(default_factory=VocabularyConfig)
    alignment: AlignmentConfig = field(default_factory=AlignmentConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m training.encoder", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with parallel/ and mono/")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="where stages, checkpoints and final/ go"
    )
    parser.add_argument("--config", type=Path, default=_DEFAULTS, help="TOML over the packaged recipe")
    parser.add_argument(
        "--lexicon", type=Path, help="folder with cues.tsv and brands.tsv; default: beside --data"
    )
    parser.add_argument(
        "--teacher", type=Path, help="folder of all-MiniLM-L6-v2; default: the installed package"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    lexicon = options.lexicon or options.data.parent / "lexicon"
    try:
        sources = Sources(corpora=options.data, lexicon=lexicon, teacher=options.teacher or find_teacher())
        folder = train_encoder(sources, options.out, read_config(options.config))
    except FauxwatchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{folder}\n")
    return 0


def train_encoder(sources: Sources, out: Path, config: EncoderConfig) -> Path:
    """All stages in order; the folder of the finished encoder."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    out.mkdir(parents=True, exist_ok=True)
    reading = _prepare(sources, out, config)
    targets = teacher_targets(reading.english, sources.teacher, out, device=config.loop.device)
    _log.info("%.1f tokens a phrase", reading.rows.lengths.mean())
    teacher, start = _load_teacher(sources.teacher).model, np.load(out / "embeddings.npy")
    if config.width:
        model = blank_student(teacher, len(start), config)
    else:
        model = student_of(teacher, start, config.layers)
    lesson = Lesson(rows=reading.rows, targets=targets, sentences=reading.sentences)
    fit(model, lesson, config.loop, out, export=lambda step: _publish(model, reading.tokenizer, out, step))
    final = out / "final"
    save_encoder(model, reading.tokenizer, final)
    (out / "READY").write_text(f"{final}\n", encoding="utf-8")
    return final


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What the student reads, as kept in the working folder: its tokenizer, phrases, their English, sentences."""

    tokenizer: Tokenizer
    rows: TokenRows
    english: list[str]
    sentences: TokenRows


def _prepare(sources: Sources, out: Path, config: EncoderConfig) -> _Reading:
    """Everything before the teacher speaks; from files in ``out`` where they exist, so that corpora need not travel."""
    from tokenizers import Tokenizer

    files = {name: out / name for name in ("rows.npz", "english.txt", "sentences.npz", "embeddings.npy")}
    if not all(file.exists() for file in files.values()):
        phrases = collect_phrases(sources.corpora, sources.lexicon, joined=config.joined)
        _log.info("%d phrases, %d English targets", len(phrases.texts), len(phrases.english))
        tokenizer = _tokenizer(phrases, sources, out / "tokenizer.json", config.vocabulary)
        rows = tokenize_phrases(phrases, tokenizer, config.length)
        save_rows(rows, files["rows.npz"])
        save_rows(read_sentence_rows(sources.corpora, tokenizer, config.length), files["sentences.npz"])
        teacher = _load_teacher(sources.teacher)
        bitext = Bitext(rows=rows, english=phrases.english)
        np.save(files["embeddings.npy"], _embeddings(bitext, tokenizer, teacher, config).astype(np.float16))
        files["english.txt"].write_text("\n".join(phrases.english), encoding="utf-8")
    return _Reading(
        tokenizer=Tokenizer.from_file(str(out / "tokenizer.json")),
        rows=load_rows(files["rows.npz"]),
        english=files["english.txt"].read_text(encoding="utf-8").split("\n"),
        sentences=load_rows(files["sentences.npz"]),
    )


def save_encoder(model: Any, tokenizer: Tokenizer, folder: Path) -> None:
    """A folder that transformers and sentence-transformers load as it is; written aside and renamed."""
    from transformers import PreTrainedTokenizerFast

    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial)
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=_EXPORT_LENGTH, **names)  # type: ignore[no-untyped-call]
    wrapped.save_pretrained(partial)
    _write_sentence_files(partial, model.config.hidden_size)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def read_config(file: Path) -> EncoderConfig:
    """The recipe in ``file`` over the defaults. Raises ConfigError with every unknown key and wrong type."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(file), [str(error)]) from error
    faults: list[str] = []
    config: EncoderConfig = _filled(EncoderConfig(), values, "", faults)
    if faults:
        raise ConfigError(str(file), faults)
    return config


def _filled(default: Any, values: dict[str, Any], path: str, faults: list[str]) -> Any:
    """``default`` with ``values`` in it; what does not fit is noted in ``faults`` under its dotted path."""
    changes = {}
    for key, value in values.items():
        old = getattr(default, key, None)
        if old is None:
            faults.append(f"{path}{key}: no such setting")
        elif dataclasses.is_dataclass(old):
            if isinstance(value, dict):
                changes[key] = _filled(old, value, f"{path}{key}.", faults)
            else:
                faults.append(f"{path}{key}: expected a table")
        elif isinstance(old, tuple) and isinstance(value, list):
            changes[key] = tuple(value)
        elif isinstance(value, type(old)) or (isinstance(old, float) and isinstance(value, int)):
            changes[key] = type(old)(value)
        else:
            faults.append(f"{path}{key}: expected {type(old).__name__}, found {type(value).__name__}")
    return dataclasses.replace(default, **changes)


def _tokenizer(phrases: Phrases, sources: Sources, file: Path, config: VocabularyConfig) -> Tokenizer:
    from tokenizers import Tokenizer

    if not file.exists():
        _log.info("vocabulary: training")
        partial = file.with_suffix(".partial")
        train_vocabulary(phrases, sources.corpora, sources.lexicon, config).save(str(partial))
        partial.rename(file)
    return Tokenizer.from_file(str(file))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teacher:
    model: Any
    tokenizer: Tokenizer


def _load_teacher(folder: Path) -> _Teacher:
    from tokenizers import Tokenizer
    from transformers import AutoModel

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return _Teacher(model=AutoModel.from_pretrained(str(folder), local_files_only=True), tokenizer=tokenizer)


def _embeddings(bitext: Bitext, tokenizer: Tokenizer, teacher: _Teacher, config: EncoderConfig) -> np.ndarray:
    table = teacher.model.embeddings.word_embeddings.weight.detach().numpy()
    return initial_embeddings(bitext, tokenizer, (teacher.tokenizer, table), config.alignment)


def student_of(source: Any, embeddings: np.ndarray, layers: tuple[int, ...]) -> Any:
    """A BERT with some of ``source``'s layers, its positions, and ``embeddings`` as new word embeddings; no dropout."""
    import torch
    from transformers import BertConfig, BertModel

    settings = source.config.to_dict()
    settings |= {"vocab_size": len(embeddings), "num_hidden_layers": len(layers), "pad_token_id": 0}
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    settings.pop("architectures", None)
    student = BertModel(BertConfig(**settings), add_pooling_layer=False)
    kept = {}
    for name, value in source.state_dict().items():
        parts = name.split(".")
        if parts[0] == "encoder" and int(parts[2]) in layers:
            kept[".".join([*parts[:2], str(layers.index(int(parts[2]))), *parts[3:]])] = value
        elif parts[0] == "embeddings" and "word_embeddings" not in name:
            kept[name] = value
    kept["embeddings.word_embeddings.weight"] = torch.from_numpy(embeddings.astype(np.float32))
    student.load_state_dict(kept, strict=True)
    return student.train()


def blank_student(source: Any, pieces: int, config: EncoderConfig) -> Any:
    """A BERT of ``config.width`` and as many layers as ``config`` names, with random weights; no dropout."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(config.loop.seed)
    settings = source.config.to_dict()
    settings |= {"vocab_size": pieces, "num_hidden_layers": len(config.layers), "pad_token_id": 0}
    settings |= {"hidden_size": config.width, "intermediate_size": 4 * config.width}
    settings |= {"num_attention_heads": config.width // 32}
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    settings.pop("architectures", None)
    return BertModel(BertConfig(**settings), add_pooling_layer=False).train()


def _publish(model: Any, tokenizer: Tokenizer, out: Path, step: int) -> None:
    folder = out / f"export-{step:06d}"
    save_encoder(model, tokenizer, folder)
    (out / "READY").write_text(f"{folder}\n", encoding="utf-8")


def _write_sentence_files(folder: Path, width: int) -> None:
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    pooling = {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True, "include_prompt": True}
    for name, value in (
        ("modules.json", modules),
        ("sentence_bert_config.json", {"max_seq_length": _EXPORT_LENGTH, "do_lower_case": False}),
        ("1_Pooling/config.json", pooling),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    (folder / "2_Normalize").mkdir(exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
