"""The built wheel, not the folder: what is in it, and that it classifies in a clean environment."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DATA = {".tsv", ".txt", ".toml", ".md", ".js", ".css", ".html", ".j2", ".mako", ".typed"}
MODEL = (
    "README.md",
    "MANIFEST.json",
    "config.json",
    "detector.json",
    "metrics.json",
    "model.safetensors",
    "ngrams.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "training.toml",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_code_data_and_model_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"nlp", "training", "feeds"}
    data = {
        path.relative_to(ROOT).as_posix()
        for top in ("nlp", "training", "feeds")
        for path in (ROOT / top).rglob("*")
        if path.suffix in DATA and "models" not in path.parts
    }
    assert data - set(names) == set()
    for needed in (
        "nlp/lexicon/cues.tsv",
        "nlp/lexicon/brands.tsv",
        "nlp/lexicon/prices.tsv",
        "nlp/models/fauxwatch-small/onnx/model.onnx",
        *(f"nlp/models/fauxwatch-small/{name}" for name in MODEL),
        "nlp/pages/report.js",
        "training/card_template.md",
        "feeds/sources.toml",
    ):
        assert needed in names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".pt", ".bin", ".pyc"))]
    model = zipfile.ZipFile(wheel).getinfo("nlp/models/fauxwatch-small/onnx/model.onnx")
    assert model.file_size < 40 * 2**20


def test_a_clean_environment_with_only_the_wheel_classifies_the_examples(wheel, tmp_path):
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True)
    installed = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True
    )
    assert not {"torch", "transformers"} & {each["name"] for each in json.loads(installed.stdout)}
    out = tmp_path / "verdicts.jsonl"
    done = subprocess.run(
        [
            environment / "bin" / "fauxwatch",
            "classify",
            str(ROOT / "examples" / "listings.csv"),
            "-o",
            str(out),
        ],
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "suspected" in done.stderr
    assert len(out.read_text(encoding="utf-8").splitlines()) == 39
