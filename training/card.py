"""The model card: every number in it comes from ``metrics.json``; the words from the template."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any, Final

from nlp.errors import ArtefactError

__all__ = ["card_is_current", "figure_of", "render_card", "table_of", "write_card"]

_TEMPLATE: Final = Path(__file__).with_name("card_template.md")
_OPEN: Final = "not measured"


def render_card(folder: Path) -> str:
    """The card of a model folder, from its ``metrics.json`` and ``detector.json`` (and a team's ``facts.toml``)."""
    metrics = _json(folder / "metrics.json")
    detector = _json(folder / "detector.json")
    if metrics.get("kind") == "team":
        from training.team_card import render_team_card

        return render_team_card(folder, metrics, detector)
    held, training = metrics["held_out"], metrics["training"]
    values = {
        "name": detector["name"],
        "languages": ", ".join(metrics["by_language"]),
        "n_test": held["n"],
        "p_test": held["positives"],
        "dev_rate": round(100 * held["positives"] / max(held["n"], 1)),
        "overall": _overall(held),
        "act_threshold": metrics["act"]["threshold"],
        "act_precision": figure_of(metrics["act"]["precision"]),
        "act_recall": figure_of(metrics["act"]["recall"]),
        "pairs": figure_of(metrics["pairs"]),
        "baselines": _baselines(metrics["baselines"], held, metrics["pairs"]),
        "by_language": _by_language(metrics["by_language"]),
        "by_cue": _by_cue(metrics["by_cue"]),
        "brands": _brands(metrics["brands"]),
        "n_corpus": training.get("corpus", _OPEN),
        "n_langs": len(metrics["by_language"]),
        "generated": f"{training['generated']:,}",
        "generator_version": training["generator_version"],
        "minutes": training["minutes"],
        "parity_n": training["parity"]["n"],
        "parity_largest": f"{training['parity']['largest']:.3f}",
        "parity_flipped": training["parity"]["flipped"],
    }
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def write_card(folder: Path) -> None:
    """Writes ``README.md`` of a model folder."""
    (folder / "README.md").write_text(render_card(folder), encoding="utf-8")


def card_is_current(folder: Path, copy: Path | None = None) -> bool:
    """Whether the folder's card, and ``copy`` if given, are what ``render_card`` gives now."""
    wanted = render_card(folder)
    return all(
        file.is_file() and file.read_text(encoding="utf-8") == wanted
        for file in (folder / "README.md", copy)
        if file
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ArtefactError(str(path.parent), f"{path.name} cannot be read ({error})") from error


def figure_of(figure: dict[str, Any] | None) -> str:
    """A figure with its interval and n, or that it was not measured."""
    if figure is None or figure["value"] is None:
        return _OPEN
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}] (n = {figure['n']})"


def table_of(head: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _overall(held: dict[str, Any]) -> str:
    rows = [
        ["F1 at the default threshold", figure_of(held["f1"])],
        ["precision", figure_of(held["precision"])],
        ["recall", figure_of(held["recall"])],
        ["honest listings flagged", figure_of(held["false_alarms"])],
        ["PR-AUC", figure_of(held["pr_auc"])],
        ["ROC-AUC", figure_of(held["roc_auc"])],
        ["recall at precision 0.95", held["recall_at_precision_0.95"]],
        ["expected calibration error", held["ece"]],
    ]
    return table_of(["figure", "held-out listings"], rows)


def _baselines(table: dict[str, Any], held: dict[str, Any], pairs: dict[str, Any]) -> str:
    rows = [
        [
            "this model",
            _short(held["f1"]["value"]),
            figure_of(held["precision"]),
            figure_of(held["recall"]),
            figure_of(pairs),
        ]
    ]
    rows += [
        [
            name,
            _short(each["f1"]),
            figure_of(each["precision"]),
            figure_of(each["recall"]),
            figure_of(each["pairs"]),
        ]
        for name, each in table.items()
    ]
    return table_of(["", "F1", "precision", "recall", "pairs"], rows)


def _by_language(table: dict[str, Any]) -> str:
    rows = [
        [lang, each["n"], figure_of(each["f1"]), figure_of(each["false_alarms"]), figure_of(each["pairs"])]
        for lang, each in table.items()
    ]
    return table_of(["language", "n", "F1", "honest listings flagged", "pairs"], rows)


def _by_cue(table: dict[str, Any]) -> str:
    rows = [
        [
            f"`{name}`",
            each["positives"],
            _short(each["f1"]["value"]),
            figure_of(each["precision"]),
            figure_of(each["recall"]),
        ]
        for name, each in table.items()
    ]
    return table_of(["cue", "listings with it", "F1", "precision", "recall"], rows)


def _brands(figures: dict[str, Any]) -> str:
    return f"Precision {figure_of(figures['precision'])}, recall {figure_of(figures['recall'])}, F1 {figures['f1']:.3f}."


def _short(value: float | None) -> str:
    return _OPEN if value is None else f"{value:.3f}"
