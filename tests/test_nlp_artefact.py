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


def test_code_asked_for_by_the_settings_is_refused(folder):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"auto_map": {"AutoModel": "modeling.Model"}}))
    write_manifest(folder)
    assert "asks for code of its own (auto_map)" in refused(folder)


def test_a_graph_with_tensors_in_another_file_is_refused(folder):
    with (folder / "onnx" / "model.onnx").open("ab") as stream:
        stream.write(b"\x0a\x08location\x12\x0d../../secret.x")
    write_manifest(folder)
    assert "keeps tensors in another file" in refused(folder)


def test_tensors_that_lie_about_their_size_are_refused(folder):
    header = json.dumps(
        {"weights": {"dtype": "F16", "shape": [2**18, 8], "data_offsets": [0, 2**22]}}
    ).encode()
    (folder / "ngrams.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"few")
    write_manifest(folder)
    assert "names tensors that its" in refused(folder)


def test_a_weight_that_is_no_number_is_refused(folder):
    path = folder / "detector.json"
    table = json.loads(path.read_text())
    table["stack"]["counterfeit"]["bias"] = float("nan")
    path.write_text(json.dumps(table))
    write_manifest(folder)
    assert "not finite" in refused(folder)


def test_a_length_that_would_eat_all_memory_is_refused(folder):
    path = folder / "detector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"max_length": 10**9}))
    write_manifest(folder)
    assert "max_length 1000000000; it must be from 8 to 8192" in refused(folder)


def test_a_damaged_head_is_refused(folder):
    from nlp.detector import Detector

    path = folder / "detector.json"
    head = {"labels": {"counterfeit": {"bias": 0.0, "os.system": 1.0}}, "category": {}, "seller": {}}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 2, "head": head}))
    write_manifest(folder)
    with pytest.raises(
        ArtefactError, match=r"the head in detector.json is damaged \(no such feature: 'os.system'\)"
    ):
        Detector.load(folder)
