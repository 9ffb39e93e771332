"""A team's way from labels to a model folder: trained, verified, killed and resumed, measured, compared, described."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from nlp.artefact import BUNDLED, open_artefact
from nlp.config import load_config
from nlp.detector import Detector
from nlp.errors import ArtefactError, ConfigError, UsageError
from nlp.head import COLUMN_FEATURES
from nlp.records import Listing
from training.bases import base_folder, parse_hub
from training.card import card_is_current, render_card
from training.commands import TrainOptions, renew_card, run_evaluate, run_train
from training.compare import compare_scores
from training.groups import assign, folds_of, hold_out
from training.noise import probably_wrong
from training.recipe import TeamConfig
from training.team_card import FACTS, FACTS_TEMPLATE, read_facts
from training.teamhead import Blocks, fit_head, map_logistic

ROOT = Path(__file__).parent.parent
LABELS = str(ROOT / "examples" / "labels.csv")
FEW_ROWS = 150
RECIPE = "seeds = 1\nfolds = 3\n"
VOLATILE = ("minutes",)


def options(folder, **more):
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE)
    return TrainOptions(**({"data": (LABELS,), "output": folder / "model", "config": recipe} | more))


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """The first half of the examples: enough to train on, quick to read."""
    path = tmp_path_factory.mktemp("few") / "labels.csv"
    rows = list(csv.reader(Path(LABELS).read_text(encoding="utf-8").splitlines(keepends=True)))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows[: FEW_ROWS + 1])
    return str(path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, few):
    folder = tmp_path_factory.mktemp("team")
    run_train(options(folder, data=(few,)))
    return folder / "model"


def metrics_of(folder):
    found = json.loads((folder / "metrics.json").read_text())
    return {
        **found,
        "training": {key: value for key, value in found["training"].items() if key not in VOLATILE},
    }


def test_a_trained_folder_is_a_model_like_any_other(trained):
    artefact = open_artefact(trained)
    assert artefact.detector["schema"] == 2
    verdict = Detector.load(trained).classify(Listing(title="LV Neverfull 1:1 mirror quality"))
    assert 0 <= verdict.score <= 1
    assert verdict.model.startswith("model@")
    assert {each.suffix for each in trained.rglob("*") if each.is_file()} <= {
        ".json", ".safetensors", ".onnx", ".toml", ".md", ".png", ".txt",
    }  # fmt: skip


def test_no_listing_text_and_no_seller_name_is_in_the_folder(trained):
    held = b"".join(
        file.read_bytes() for file in trained.rglob("*") if file.suffix in (".json", ".md", ".toml")
    )
    assert b"northside.resale" not in held
    assert b"LCD incell buat Redmi" not in held


def test_the_card_is_what_the_figures_give_and_open_facts_stay_visible(trained):
    assert card_is_current(trained)
    card = render_card(trained)
    assert card.count("**open: nobody has said**") == len(FACTS)
    held = json.loads((trained / "metrics.json").read_text())["held_out"]
    assert f"{held['pr_auc']['value']:.3f}" in card
    for plot in ("precision_recall", "reliability", "scores"):
        assert f"plots/{plot}.png" in card


def test_facts_go_into_the_card_and_the_folder_stays_sound(trained, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(trained, copy)
    facts = tmp_path / "facts.toml"
    facts.write_text('owner = "Brand | protection"\nperiod = "May 2026"\n')
    renew_card(copy, facts)
    open_artefact(copy)
    assert "Brand \\| protection" in render_card(copy)
    assert card_is_current(copy)
    (copy / "README.md").write_text("changed")
    assert not card_is_current(copy)


def test_wrong_facts_are_all_reported(tmp_path):
    facts = tmp_path / "facts.toml"
    facts.write_text("colour = 'red'\nowner = 3\n")
    with pytest.raises(ConfigError, match=r"(?s)colour: no such fact.*owner: must be words"):
        read_facts(facts)
    facts.write_text(FACTS_TEMPLATE)
    assert read_facts(facts) == FACTS_TEMPLATE


def test_training_twice_gives_the_same_figures(trained, few, tmp_path):
    run_train(options(tmp_path, data=(few,)))
    assert metrics_of(tmp_path / "model") == metrics_of(trained)


def test_a_run_that_was_killed_goes_on_to_the_same_figures(trained, few, tmp_path):
    settings = options(tmp_path, data=(few,))
    command = [sys.executable, "-c", "from nlp.cli import main; main()"]
    arguments = ["train", few, "-o", str(settings.output), "--config", str(settings.config)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    running = subprocess.Popen([*command, *arguments], stderr=subprocess.DEVNULL, env=environment)
    encoded = settings.output.with_name("model.work") / "encoded"
    limit = time.monotonic() + 120
    while running.poll() is None and not list(encoded.glob("*.npz")) and time.monotonic() < limit:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not settings.output.exists()
    run_train(settings)
    assert metrics_of(settings.output) == metrics_of(trained)
    assert not settings.output.with_name("model.work").exists()


def test_a_set_that_counts_as_large_is_held_out_by_cluster(few, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("small = 50\ndev_share = 0.3\n")
    run_train(TrainOptions(data=(few,), output=tmp_path / "model", config=recipe))
    found = metrics_of(tmp_path / "model")
    assert sum(found["parts"].values()) == found["data"]["rows"]
    assert found["held_out"]["n"] == found["parts"]["test"]
    assert "no seller and no near-identical text stands on both sides" in found["procedure"]


def test_a_dry_run_writes_no_model(tmp_path, capsys):
    run_train(options(tmp_path, dry_run=True))
    assert not (tmp_path / "model").exists()
    assert "300 labelled rows (150 counterfeit, 150 genuine)" in " ".join(capsys.readouterr().err.split())


def test_evaluating_on_rows_that_were_learned_from_is_told(trained, few, tmp_path, capsys):
    run_evaluate(str(trained), [few], output=tmp_path / "out", compare="bundled")
    assert "rows are texts that this model learned from" in " ".join(capsys.readouterr().err.split())
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (
        found["compare"]["differences"]["PR-AUC"]["low"] <= found["compare"]["differences"]["PR-AUC"]["high"]
    )
    assert {"keyword list", "any brand", "TF-IDF + logistic regression (cross-validated here)"} <= set(
        found["baselines"]
    )
    assert sorted(each.name for each in (tmp_path / "out" / "plots").iterdir()) == [
        "precision_recall.png",
        "reliability.png",
        "scores.png",
    ]


def test_suggestions_are_tasks_that_label_studio_reads_and_train_takes_back(trained, tmp_path):
    from training.suggesting import suggest_rows
    from training.team import Say

    target = tmp_path / "suggested.json"
    quiet = Say(lambda _: None, lambda *_: None)
    count = suggest_rows(
        trained,
        [str(ROOT / "examples" / "listings.csv")],
        None,
        target,
        count=7,
        mapping={},
        most=100,
        say=quiet,
    )
    tasks = json.loads(target.read_text())
    assert count == len(tasks) == 7
    assert len({task["data"]["title"] for task in tasks}) == 7
    assert all(set(task) == {"data", "predictions"} for task in tasks)
    assert '<Choice value="counterfeit"/>' in target.with_suffix(".xml").read_text()


def test_suggesting_without_a_pool_says_where_to_look(trained, tmp_path):
    from training.suggesting import suggest_rows
    from training.team import Say

    with pytest.raises(UsageError, match="--pool DUMP"):
        suggest_rows(trained, [], [], tmp_path / "s.json", count=5, mapping={}, most=9, say=Say(print, print))


@pytest.mark.parametrize("method", ["finetune", "lora", "fewshot"])
def test_an_adapted_encoder_becomes_a_model_folder(method, few, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'method = "{method}"\n[adapt]\nepochs = 1\nmax_length = 48\npairs = 1\nlora_rank = 2\n'
    )
    run_train(TrainOptions(data=(few,), output=tmp_path / "model", config=recipe))
    found = metrics_of(tmp_path / "model")
    assert found["training"]["method"] == method
    assert found["parts"]["train"] > found["parts"]["dev"]
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert config["id2label"] == json.loads((BUNDLED / "config.json").read_text())["id2label"]


def bare_checkpoint(folder, architecture):
    """A tiny encoder with random weights, as it would come from the hub."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *"abcdefghijklmnopqrstuvwxyz"]
    inner = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, "<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    named = {
        "cls_token": "<s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "cls_token_id": 0, "sep_token_id": 2}
    settings = AutoConfig.for_model(
        architecture, **sizes, **ids, vocab_size=len(words), max_position_embeddings=130
    )
    AutoModel.from_config(settings).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=inner, **named).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("architecture", ["xlm-roberta", "modernbert"])
def test_a_bare_checkpoint_of_another_architecture_becomes_a_model(architecture, few, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[adapt]\nepochs = 1\nmax_length = 48\n")
    base = bare_checkpoint(tmp_path / "base", architecture)
    run_train(TrainOptions(data=(few,), output=tmp_path / "model", config=recipe, base=str(base)))
    assert metrics_of(tmp_path / "model")["training"]["method"] == "finetune"
    assert 0 <= Detector.load(tmp_path / "model").classify(Listing(title="Rolex AAA copy")).score <= 1


@pytest.mark.parametrize(
    "name", ["multilingual-e5-small", "mmbert-small", "xlm-roberta-base", "team", "ozon"]
)
def test_every_recipe_is_read(name):
    assert load_config(TeamConfig, ROOT / "training" / "configs" / f"{name}.toml")


@pytest.mark.parametrize("base", ["hub:org/model", "hub:org/model@main", "hub:org/model@abc123"])
def test_a_hub_base_without_a_commit_is_refused(base):
    with pytest.raises(UsageError, match=r"pin the commit \(40 hex digits\)"):
        base_folder(base)


def test_a_hub_base_is_fetched_at_its_commit_only(tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    asked = []

    def fetch(name):
        asked.append(name)
        return BUNDLED

    assert base_folder(f"hub:org/model@{commit}", fetch=fetch) == BUNDLED
    assert asked == [parse_hub(f"hub:org/model@{commit}")]
    with pytest.raises(ArtefactError, match=r"config.json is missing; .* \(no pickles\)"):
        base_folder(f"hub:org/model@{commit}", fetch=lambda _: tmp_path)


def test_parts_keep_clusters_whole_and_classes_even():
    rng = np.random.default_rng(3)
    clusters = rng.integers(0, 120, 2_000)
    truth = rng.random(2_000) < 0.2
    parts = assign(clusters, truth, [0.6, 0.2, 0.2], seed=1)
    for cluster in range(120):
        assert len(set(parts[clusters == cluster])) <= 1
    for part, share in enumerate((0.6, 0.2, 0.2)):
        assert abs(truth[parts == part].sum() / truth.sum() - share) < 0.03
    assert set(folds_of(clusters, truth, folds=5, seed=1)) == {0, 1, 2, 3, 4}
    assert (
        hold_out(clusters, truth, share=0.2, seed=1) != hold_out(clusters, truth, share=0.2, seed=2)
    ).any()


def test_few_rows_hardly_move_the_prior_and_many_do():
    rng = np.random.default_rng(5)
    rows = np.column_stack([rng.normal(size=2_000), np.ones(2_000)])
    truth = rng.random(2_000) < 1 / (1 + np.exp(2 * rows[:, 0]))
    prior = {"mean": np.array([1.0, 0.0]), "precision": np.array([10.0, 1e-4])}
    few = map_logistic(rows[:6], truth[:6], **prior)
    many = map_logistic(rows, truth, **prior)
    assert few[0] > 0
    assert many[0] == pytest.approx(-2, abs=0.25)


def test_a_channel_that_is_wrong_on_new_sellers_is_no_witness_for_the_opposite():
    rng = np.random.default_rng(7)
    truth = np.arange(80) % 2 == 0
    columns = np.zeros((80, len(COLUMN_FEATURES)))
    columns[:, COLUMN_FEATURES.index("text:title")] = (
        truth  # a length that tells the marketplace counts for nothing
    )
    blocks = Blocks(
        base=np.column_stack([*rng.normal(size=(7, 80)), np.where(truth, 1.0, -1.0) + rng.normal(size=80)]),
        columns=columns,
        matrix=csr_matrix(np.where(truth, 1.0, 0.0)[:, None]),
        categories=[None] * 80,
        sellers=[None] * 80,
        clusters=np.arange(80) // 4,
        texts=np.arange(80),
    )
    wrong = fit_head(blocks, truth, label="counterfeit", seed=1, channel=(np.array([-2.0], np.float32), 1.0))
    right = fit_head(blocks, truth, label="counterfeit", seed=1, channel=(np.array([2.0], np.float32), -1.0))
    assert "team" not in wrong.weights_by_name()
    assert right.weights_by_name()["team"] > 0
    assert wrong.weights_by_name()["base:counterfeit"] > 0
    assert "text:title" not in right.weights_by_name()


def test_flipped_labels_are_the_doubtful_ones():
    rng = np.random.default_rng(1)
    truth = rng.random(500) < 0.4
    probabilities = np.clip(truth * 0.8 + 0.1 + rng.normal(0, 0.05, 500), 0.01, 0.99)
    flipped = rng.choice(500, 50, replace=False)
    given = truth.copy()
    given[flipped] ^= True
    found = {each.row for each in probably_wrong(given, probabilities)}
    assert len(found & set(flipped.tolist())) >= 40  # the method wants more than a mean doubt
    assert len(found - set(flipped.tolist())) <= 2


def test_two_models_are_compared_on_the_same_draws():
    rng = np.random.default_rng(2)
    truth = rng.random(400) < 0.3
    good = np.clip(truth * 0.5 + rng.random(400) * 0.5, 0, 1)
    bad = rng.random(400)
    found = compare_scores(truth, good, bad, np.arange(400), thresholds=(0.5, 0.5))
    assert found["PR-AUC"]["verdict"] == "this model is better"
    same = compare_scores(truth, good, good, np.arange(400), thresholds=(0.5, 0.5))
    assert (same["PR-AUC"]["low"], same["PR-AUC"]["high"]) == (0, 0)
    assert same["PR-AUC"]["verdict"] == "no difference can be told"
