"""The card of a team's model: numbers from ``metrics.json``, the team's own facts from ``facts.toml``; what is unknown stays open."""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Template
from typing import Any, Final

from nlp.errors import ConfigError
from training.card import figure_of, table_of

__all__ = ["FACTS", "FACTS_TEMPLATE", "read_facts", "render_team_card"]

_TEMPLATE: Final = Path(__file__).with_name("team_card_template.md")
_OPEN: Final = "**open: nobody has said**"

# What a card should tell and no program can measure: key, and how the card asks for it.
FACTS: Final[dict[str, str]] = {
    "owner": "Who answers for this model",
    "contact": "How to reach them",
    "purpose": "What it is used for",
    "marketplaces": "Where the listings come from",
    "period": "When they were listed",
    "labelled_by": "Who labelled them, and how many people saw each",
    "label_rules": "By which rules",
    "agreement": "How far the labellers agreed",
    "rights": "By what right the texts are used",
    "personal_data": "What is done about personal data in them",
    "review": "When it will be measured again",
    "license": "Licence of the model",
}
FACTS_TEMPLATE: Final = "".join(f'# {asked}\n# {key} = ""\n' for key, asked in FACTS.items())


def read_facts(path: Path) -> str:
    """The text of a facts file after checking it: TOML, known keys, words as values.

    Raises:
        ConfigError: with every fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error.strerror}"]) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), [f"is not TOML: {error}"]) from error
    faults = [f"{key}: no such fact; there is {', '.join(FACTS)}" for key in table if key not in FACTS]
    faults += [
        f"{key}: must be words, not {value!r}"
        for key, value in table.items()
        if key in FACTS and not isinstance(value, str)
    ]
    if faults:
        raise ConfigError(str(path), faults)
    return text


def render_team_card(folder: Path, metrics: dict[str, Any], detector: dict[str, Any]) -> str:
    """The whole card as Markdown."""
    facts = _facts(folder)
    held, training, data = metrics["held_out"], metrics["training"], metrics["data"]
    seeds = [value for value in metrics["seeds"]["pr_auc"] if value is not None] or [
        held["pr_auc"]["value"] or 0.0
    ]
    values = {
        "name": detector["name"],
        "base": detector["base"],
        "license": _plain(facts.get("license", "")) or "other",
        "facts": _facts_table(facts),
        "procedure": metrics["procedure"],
        "overall": _overall(held),
        "act_threshold": metrics["act"]["threshold"],
        "act_precision": figure_of(metrics["act"]["precision"]),
        "act_recall": figure_of(metrics["act"]["recall"]),
        "n_seeds": len(seeds),
        "seed_low": f"{min(seeds):.3f}",
        "seed_high": f"{max(seeds):.3f}",
        "baselines": _baselines(held, metrics["baselines"]),
        "by_language": _groups("language", metrics["by_language"]),
        "by_seller_size": _groups("listings of the seller", metrics["by_seller_size"]),
        "by_cue": _by_cue(metrics["by_cue"]),
        "plots": _plots(folder),
        "findings": _findings(metrics["findings"]),
        "rows": f"{data['rows']:,}",
        "positives": f"{data['positives']:,}",
        "share": f"{data['positives'] / max(data['rows'], 1):.0%}",
        "sellers": f"{data['sellers']:,}",
        "clusters": f"{data['clusters']:,}",
        "doubts": f"{data['doubtful']:,}",
        "method": training["method"],
        "minutes": training["minutes"],
    }
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def _facts(folder: Path) -> dict[str, Any]:
    file = folder / "facts.toml"
    return tomllib.loads(read_facts(file)) if file.is_file() else {}


def _facts_table(facts: dict[str, Any]) -> str:
    return table_of(["", ""], [[asked, _plain(facts.get(key, "")) or _OPEN] for key, asked in FACTS.items()])


def _plain(text: str) -> str:
    """On one line, without what would break a table or be read as markup."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _overall(held: dict[str, Any]) -> str:
    rows = [
        ["PR-AUC", figure_of(held["pr_auc"])],
        ["ROC-AUC", figure_of(held["roc_auc"])],
        ["recall at precision 0.9", figure_of(held["recall_at_precision_0.9"])],
        [f"F1 (flagged from score {held['threshold']})", figure_of(held["f1"])],
        ["precision", figure_of(held["precision"])],
        ["recall", figure_of(held["recall"])],
        ["genuine listings flagged", figure_of(held["false_alarms"])],
        ["expected calibration error", held["ece"]],
    ]
    return table_of(["figure", "held-out rows, 95 % interval"], rows)


def _baselines(held: dict[str, Any], table: dict[str, Any]) -> str:
    rows = [
        [
            "this model",
            figure_of(held["pr_auc"]),
            figure_of(held["roc_auc"]),
            held["recall_at_precision_0.9"]["value"],
        ]
    ]
    rows += [
        [name, figure_of(each["pr_auc"]), figure_of(each["roc_auc"]), each["recall_at_precision_0.9"]]
        for name, each in table.items()
    ]
    return table_of(["", "PR-AUC", "ROC-AUC", "recall at precision 0.9"], rows)


def _groups(name: str, table: dict[str, Any]) -> str:
    rows = [
        [
            group,
            each["n"],
            each["positives"],
            figure_of(each["pr_auc"]),
            figure_of(each["recall"]),
            figure_of(each["false_alarms"]),
        ]
        for group, each in table.items()
    ]
    return table_of([name, "n", "counterfeit", "PR-AUC", "recall", "genuine listings flagged"], rows)


def _by_cue(table: dict[str, Any]) -> str:
    if not table:
        return "The team labelled no cues: the cues are the base model's, and nobody has measured them on these rows."
    rows = [
        [
            f"`{cue}`",
            each["positives"],
            figure_of(each["f1"]),
            figure_of(each["precision"]),
            figure_of(each["recall"]),
        ]
        for cue, each in table.items()
    ]
    return table_of(["cue", "rows with it", "F1", "precision", "recall"], rows)


def _plots(folder: Path) -> str:
    files = sorted((folder / "plots").glob("*.png"))
    return "\n".join(f"![{file.stem.replace('_', ' ')}](plots/{file.name})" for file in files)


def _findings(findings: list[dict[str, Any]]) -> str:
    if not findings:
        return "Nothing was found."
    return "\n".join(
        f"* {'**Warning:** ' if each['level'] == 'warning' else ''}{_plain(each['text'])}"
        for each in findings
    )
