"""Reading a model folder trusts nothing in it."""

import json
import shutil

import pytest

from nlp.artefact import BUNDLED, open_artefact, write_manifest
from nlp.errors import ArtefactError


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(BUNDLED, copy)
    return copy


def edit_manifest(folder, change):
    path = folder / "MANIFEST.json"
    manifest = json.loads(path.read_text())
    change(manifest["files"])
    path.write_text(json.dumps(manifest))


def refused(folder):
    with pytest.raises(ArtefactError) as caught:
        open_artefact(folder)
    return str(caught.value)


def test_the_bundled_model_opens_and_its_fingerprint_follows_its_bytes(folder):
    first = open_artefact(folder)
    (folder / "README.md").write_text("changed")
    write_manifest(folder)
    assert open_artefact(folder).fingerprint != first.fingerprint
    assert first.labels[-1] == "counterfeit"


def test_an_altered_file_is_refused(folder):
    data = bytearray((folder / "onnx" / "model.onnx").read_bytes())
    data[1000] ^= 1
    (folder / "onnx" / "model.onnx").write_bytes(data)
    assert "does not match its sha256" in refused(folder)


def test_a_shortened_file_is_refused(folder):
    (folder / "tokenizer.json").write_bytes(b"{}")
    assert "says otherwise" in refused(folder)


def test_a_missing_file_is_refused(folder):
    (folder / "onnx" / "model.onnx").unlink()
    assert "onnx/model.onnx is missing" in refused(folder)


def test_a_pickle_is_refused(folder):
    (folder / "head.pkl").write_bytes(b"\x80\x04.")
    write_manifest(folder)
    assert "of a kind that a model folder may not hold" in refused(folder)


def test_code_is_refused(folder):
    (folder / "modeling.py").write_text("import os")
    write_manifest(folder)
    assert "of a kind that a model folder may not hold" in refused(folder)


def test_an_unlisted_file_is_refused(folder):
    (folder / "extra.json").write_text("{}")
    assert "does not stand in MANIFEST.json" in refused(folder)


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd.json", "onnx/../../x.json", "..\\x.json"])
def test_a_path_outside_the_folder_is_refused(folder, name):
    edit_manifest(folder, lambda files: files.update({name: {"sha256": "0", "bytes": 1}}))
    assert "outside the folder" in refused(folder)


def test_a_link_is_refused(folder, tmp_path):
    outside = tmp_path / "outside.json"
    shutil.copy(folder / "config.json", outside)
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(outside)
    assert "is a link" in refused(folder)


def test_a_huge_tensor_header_is_refused(folder):
    (folder / "ngrams.safetensors").write_bytes((2**62).to_bytes(8, "little") + b"{}")
    write_manifest(folder)
    assert "claims a header" in refused(folder)


def test_an_unknown_schema_is_refused(folder):
    path = folder / "detector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 99}))
    write_manifest(folder)
    assert "schema 99, this version reads 1 and 2" in refused(folder)


def test_labels_out_of_order_are_refused(folder):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["id2label"].pop("0")
    path.write_text(json.dumps(config))
    write_manifest(folder)
    assert "no complete id2label" in refused(folder)


def test_deep_json_is_refused(folder):
    (folder / "metrics.json").write_text("[" * 200_000)
    (folder / "detector.json").write_text("[" * 200_000)
    write_manifest(folder)
    assert "is not JSON" in refused(folder)


def test_a_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(ArtefactError, match="fauxwatch models"):
        open_artefact(tmp_path / "nothing")
