"""The recipe of a team's model: what ``--config`` may say, with the defaults that fit most sets."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["METHODS", "AdaptConfig", "TeamConfig"]

METHODS = ("auto", "frozen", "finetune", "lora", "fewshot")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptConfig:
    """How an encoder is adapted. Lengths in tokens; ``patience`` in evaluations without a better loss on the development rows.

    ``accumulate`` batches make a step. ``mixed`` lets a graphics card that can compute in bfloat16. ``lora_rank`` is for LoRA,
    ``pairs`` (for each row) and ``temperature`` for the few-shot method.
    """

    epochs: int = 3
    batch_tokens: int = 2_048
    accumulate: int = 1
    learning_rate: float = 5e-5
    head_learning_rate: float = 3e-4
    weight_decay: float = 0.01
    warmup: float = 0.1
    max_length: int = 160
    patience: int = 2
    evaluations: int = 4
    mixed: bool = True
    lora_rank: int = 8
    pairs: int = 8
    temperature: float = 0.1
    checkpoint_seconds: float = 60.0
    threads: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamConfig:
    """The whole recipe. ``method`` is one of ``METHODS``; "auto" leaves the encoder as it is and fits channel and head.

    Up to ``small`` rows every figure is cross-validated by cluster and the model learns from all rows; above, ``test_share`` is
    held out. Of the rows above, at most ``encoder_rows`` go through the encoder; the n-gram channel reads all of them as a stream.
    """

    name: str = "team-model"
    base: str = "bundled"
    method: str = "auto"
    split: str = "seller"
    seed: int = 1
    seeds: int = 5
    folds: int = 5
    small: int = 4_000
    encoder_rows: int = 20_000
    test_share: float = 0.2
    dev_share: float = 0.15
    act_precision: float = 0.9
    false_alarms: float = 0.05
    trust: tuple[str, ...] = ()
    adapt: AdaptConfig = field(default_factory=AdaptConfig)
