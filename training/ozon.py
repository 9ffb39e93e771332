"""Holders of the Ozon E-CUP 2025 training table check fauxwatch on it with one command, seller-disjoint.

    python -m training.ozon ozon_train.csv -o ozon-check

The table (197,198 cards, 6.6 % counterfeit by operators' verdict, 11,167 sellers) is not part of this repository. Known from elsewhere
(seller-disjoint PR-AUC): 0.590 for TF-IDF with logistic regression on the text, 0.623 for CatBoost on the table, 0.804 for text, image
and table. Three figures are measured beside them: the text alone; what ``classify`` reads (text, price, brand, seller, category); and
these with every numeric column of the table through gradient boosting, which ``classify`` cannot run because a dump has no such columns.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.artefact import model_path
from nlp.config import load_config
from nlp.errors import DumpError, FauxwatchError
from training.metrics import bootstrap, pr_auc, recall_at_precision
from training.prepare import Source
from training.recipe import TeamConfig
from training.team import Say, fit_team, plan_team

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["KNOWN", "MAPPING", "check_ozon", "convert"]

# Columns of the table, and what fauxwatch calls them.
MAPPING: Final = {
    "id": ("id", "ItemID"),
    "title": ("name_rus", "name"),
    "description": ("description",),
    "price": ("PriceDiscounted",),
    "brand": ("brand_name",),
    "category": ("CommercialTypeName4", "CommercialTypeName"),
    "seller": ("seller id", "SellerID", "seller_id"),
    "counterfeit": ("resolution", "label"),
}
KNOWN: Final = {
    "TF-IDF + logistic regression, text (elsewhere)": {"pr_auc": 0.590, "recall_at_precision_0.9": 0.0},
    "CatBoost, table (elsewhere)": {"pr_auc": 0.623, "recall_at_precision_0.9": 0.015},
    "text, image and table (elsewhere)": {"pr_auc": 0.804, "recall_at_precision_0.9": 0.207},
}
_RECIPE: Final = Path(__file__).parent / "configs" / "ozon.toml"
_NEEDED: Final = ("title", "counterfeit", "seller")


def convert(source: Path, target: Path) -> list[str]:
    """The table as a labelled dump of fauxwatch (roubles as currency); gives the names of its further numeric columns.

    Raises:
        DumpError: if a column is missing that nothing can be measured without.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        source.open(encoding="utf-8-sig", newline="") as stream,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        reader = csv.DictReader(stream)
        names = _names(source, reader.fieldnames or [])
        further = [name for name in reader.fieldnames or [] if name not in names.values()]
        writer = csv.writer(out)
        writer.writerow([*names, "currency", *(f"table_{name}" for name in further)])
        for row in reader:
            writer.writerow(
                [*(row[column] for column in names.values()), "RUB", *(row[name] for name in further)]
            )
    return further


def check_ozon(source: Path, output: Path, *, config: TeamConfig | None = None, say: Say) -> dict[str, Any]:
    """Trains on the table twice (text alone, and with columns), measures on held-out sellers, writes ``OUTPUT/ozon.json``."""
    recipe = config or load_config(TeamConfig, _RECIPE)
    output.mkdir(parents=True, exist_ok=True)
    labelled = output / "labelled.csv"
    further = convert(source, labelled)
    text_only = dict.fromkeys(("price", "brand", "category", "currency"), "")
    result: dict[str, Any] = {"known": KNOWN}
    for name, mapping in (("text", text_only), ("text and columns", {})):
        folder = output / name.replace(" ", "-")
        plan = plan_team(
            Source(paths=(str(labelled),), label="counterfeit", mapping=mapping),
            folder,
            base=model_path("bundled"),
            config=recipe,
            say=say,
        )
        say.line(f"{name}: {plan.text}")
        metrics = fit_team(plan, folder, config=recipe, say=say).metrics
        held = metrics["held_out"]
        result[name] = {
            "pr_auc": held["pr_auc"],
            "recall_at_precision_0.9": held["recall_at_precision_0.9"],
            "baselines": metrics["baselines"],
            "procedure": metrics["procedure"],
        }
        if not mapping:
            result["table"] = _table(labelled, further, plan.prepared.clusters, recipe)
    (output / "ozon.json").write_text(
        json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return result


def _table(
    labelled: Path, further: Sequence[str], clusters: NDArray[np.int64], recipe: TeamConfig
) -> dict[str, Any]:
    """Gradient boosting on all numeric columns, seller-disjoint, out of fold."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    from training.groups import folds_of

    columns, truth = _numbers(labelled, ["price", *(f"table_{name}" for name in further)])
    if columns.shape[1] == 0 or len(truth) != len(clusters):
        return {"pr_auc": None, "why": "no numeric column, or rows that could not be read"}
    folds = folds_of(clusters, truth, folds=5, seed=recipe.seed)
    scores = np.zeros(len(truth))
    for fold in np.unique(folds):
        model = HistGradientBoostingClassifier(max_iter=200, random_state=recipe.seed)
        model.fit(columns[folds != fold], truth[folds != fold])
        scores[folds == fold] = model.predict_proba(columns[folds == fold])[:, 1]
    groups = [str(each) for each in clusters]
    return {
        "columns": columns.shape[1],
        "pr_auc": bootstrap(pr_auc, truth, scores, groups=groups).as_json(),
        "recall_at_precision_0.9": round(recall_at_precision(truth, scores, 0.9), 4),
    }


def _numbers(labelled: Path, names: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Columns in which most filled cells are numbers, NaN where they are not; and the labels."""
    with labelled.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    truth = np.array([row["counterfeit"].strip() in ("1", "1.0", "True", "true") for row in rows])
    columns = []
    for name in names:
        cells = np.array([_number(row.get(name)) for row in rows])
        if np.isfinite(cells).mean() > 0.5:
            columns.append(cells)
    return np.column_stack(columns) if columns else np.zeros((len(rows), 0)), truth


def _number(cell: str | None) -> float:
    try:
        return float((cell or "").replace(",", "."))
    except ValueError:
        return float("nan")


def _names(source: Path, present: Sequence[str]) -> dict[str, str]:
    names = {
        role: column
        for role, wanted in MAPPING.items()
        for column in [next((name for name in wanted if name in present), None)]
        if column
    }
    missing = [f"{role} ({' or '.join(MAPPING[role])})" for role in _NEEDED if role not in names]
    if missing:
        raise DumpError(
            str(source),
            f"is not the table of Ozon E-CUP 2025: lacks {', '.join(missing)}; columns are {', '.join(present)}",
        )
    return names


def main() -> int:
    """The command for a holder of the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", type=Path, help="the training table of Ozon E-CUP 2025, as CSV")
    parser.add_argument("-o", "--output", type=Path, default=Path("ozon-check"))
    options = parser.parse_args()

    def line(text: str) -> None:
        sys.stderr.write(text + "\n")

    say = Say(line, lambda *_: None)
    try:
        result = check_ozon(options.table, options.output, say=say)
    except FauxwatchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(
        json.dumps({name: result[name] for name in ("known", "text", "text and columns", "table")}, indent=1)
        + "\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
