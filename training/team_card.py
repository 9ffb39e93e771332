"""The card of a team's model: numbers from ``metrics.json``, the team's own facts from ``facts.toml``; what is unknown stays open."""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Template
from typing import Any, Final

from nlp.errors import ConfigError

__all__ = ["FACTS", "FACTS_TEMPLATE", "read_facts", "render_team_card"]

_TEMPLATE: Final = Path(__file__).with_name("team_card_template.md")
_OPEN: Final = "**open: nobody has said**"
_NONE: Final = "not measured"

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
        "act_precision": _figure(metrics["act"]["precision"]),
        "act_recall": _figure(metrics["act"]["recall"]),
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
    return _table(["", ""], [[asked, _plain(facts.get(key, "")) or _OPEN] for key, asked in FACTS.items()])


def _plain(text: str) -> str:
    """On one line, without what would break a table or be read as markup."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _figure(figure: dict[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return _NONE
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}] (n = {figure['n']})"


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _overall(held: dict[str, Any]) -> str:
    rows = [
        ["PR-AUC", _figure(held["pr_auc"])],
        ["ROC-AUC", _figure(held["roc_auc"])],
        ["recall at precision 0.9", _figure(held["recall_at_precision_0.9"])],
        [f"F1 (flagged from score {held['threshold']})", _figure(held["f1"])],
        ["precision", _figure(held["precision"])],
        ["recall", _figure(held["recall"])],
        ["genuine listings flagged", _figure(held["false_alarms"])],
        ["expected calibration error", held["ece"]],
    ]
    return _table(["figure", "held-out rows, 95 % interval"], rows)


def _baselines(held: dict[str, Any], table: dict[str, Any]) -> str:
    rows = [
        [
            "this model",
            _figure(held["pr_auc"]),
            _figure(held["roc_auc"]),
            held["recall_at_precision_0.9"]["value"],
        ]
    ]
    rows += [
        [name, _figure(each["pr_auc"]), _figure(each["roc_auc"]), each["recall_at_precision_0.9"]]
        for name, each in table.items()
    ]
    return _table(["", "PR-AUC", "ROC-AUC", "recall at precision 0.9"], rows)


def _groups(name: str, table: dict[str, Any]) -> str:
    rows = [
        [
            group,
            each["n"],
            each["positives"],
            _figure(each["pr_auc"]),
            _figure(each["recall"]),
            _figure(each["false_alarms"]),
        ]
        for group, each in table.items()
    ]
    return _table([name, "n", "counterfeit", "PR-AUC", "recall", "genuine listings flagged"], rows)


def _by_cue(table: dict[str, Any]) -> str:
    if not table:
        return "The team labelled no cues: the cues are the base model's, and nobody has measured them on these rows."
    rows = [
        [
            f"`{cue}`",
            each["positives"],
            _figure(each["f1"]),
            _figure(each["precision"]),
            _figure(each["recall"]),
        ]
        for cue, each in table.items()
    ]
    return _table(["cue", "rows with it", "F1", "precision", "recall"], rows)


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
