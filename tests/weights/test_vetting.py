"""P12, P13: a model of others is data. No Python beside it runs, no pickle is opened, no file elsewhere is read."""

import ast
import json
import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lamella.schemas.errors import TrainingError
from lamella.trainer.flamingo.lm import load_language
from lamella.weights import WeightsMissing, load
from lamella.weights.loader import untrained
from lamella.weights.vetting import UnsafeModel, check_no_code, vet_transformers

ROOT = Path(__file__).parents[2]
TOWER = {"image_size": 32, "layers": 1, "width": 16, "head_width": 16, "patch_size": 16}
TEXT = {"context_length": 8, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1}
WEIGHTS = "open_clip_model.safetensors"
LOADERS = ("from_pretrained", "from_config")


class Bomb:
    """What a pickle does that should not be opened."""

    def __init__(self, canary: Path):
        self._canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self._canary),)


@pytest.fixture
def canary(tmp_path) -> Path:
    return tmp_path / "canary"


def a_folder(tmp_path: Path, canary: Path, text: dict | None = None, vision: dict | None = None, **more) -> Path:
    """A model of open_clip in a folder, with Python beside it that would make `canary`."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "evil.py").write_text(
        f"import os\nos.makedirs({str(canary)!r}, exist_ok=True)\nfrom transformers import *\n"
        "class Evil(PreTrainedTokenizerFast): pass\nclass EvilConfig(PretrainedConfig): model_type = 'evil'\n"
        "class EvilModel(PreTrainedModel): config_class = EvilConfig\n"
    )
    model = {"embed_dim": 16, "vision_cfg": TOWER | (vision or {}), "text_cfg": TEXT | (text or {})}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model, "preprocess_cfg": {}} | more))
    save_file({"a": torch.zeros(1)}, folder / WEIGHTS)
    return folder


def a_map(folder: Path, file: str = "config.json") -> None:
    code = {"AutoConfig": "evil.EvilConfig", "AutoModel": "evil.EvilModel", "AutoModelForCausalLM": "evil.EvilModel"}
    code["AutoTokenizer"] = ["evil.Evil", None]
    words = {"model_type": "evil"} if file == "config.json" else {"tokenizer_class": "Evil"}
    (folder / file).write_text(json.dumps(words | {"auto_map": code}))


def safetensors_of(folder: Path) -> None:
    import open_clip

    torch.manual_seed(0)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file({key: tensor.contiguous() for key, tensor in model.state_dict().items()}, folder / WEIGHTS)


def test_a_sound_folder_is_loaded(tmp_path, canary):
    folder = a_folder(tmp_path, canary)
    safetensors_of(folder)
    loaded = load(f"local-dir:{folder}", "its-own", "scorer", device="cpu")
    assert loaded.model.encode_text(loaded.tokenize(["a red bus"])).shape == (1, 16)
    assert not canary.exists()


@pytest.mark.parametrize(
    "text, vision, more, key",
    [
        ({"hf_tokenizer_name": "a/b", "tokenizer_kwargs": {"trust_remote_code": True}}, {}, {}, "trust_remote_code"),
        ({"tokenizer_kwargs": {"bpe_path": "/etc/hostname"}}, {}, {}, "bpe_path"),
        ({"hf_tokenizer_name": "/etc"}, {}, {}, "hf_tokenizer_name"),
        ({"hf_model_name": "../model"}, {}, {}, "hf_model_name"),
        ({}, {"timm_model_name": "hf-hub:a/b"}, {}, "timm_model_name"),
        ({}, {"timm_model_name": "local-dir:/tmp"}, {}, "timm_model_name"),
        ({}, {"pretrained_cfg": {"file": "/tmp/a.pt"}}, {}, "pretrained_cfg"),
        ({}, {}, {"auto_map": {"AutoModel": "evil.EvilModel"}}, "auto_map"),
        ({"act_kwargs": {"__class__": "os.system"}}, {}, {}, "__class__"),
    ],
)
def test_what_is_not_on_the_list_is_refused_by_its_name(tmp_path, canary, text, vision, more, key):
    folder = a_folder(tmp_path, canary, text, vision, **more)
    a_map(folder, "tokenizer_config.json")
    with pytest.raises(UnsafeModel, match=rf"open_clip_config\.json: \S*{key}") as refused:
        load(f"local-dir:{folder}", "its-own", "scorer", device="cpu")
    assert "\n" not in str(refused.value)
    with pytest.raises(UnsafeModel):
        untrained(f"local-dir:{folder}")
    assert not canary.exists()


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_python_beside_a_tokenizer_or_a_tower_does_not_run(tmp_path, canary, file):
    folder = a_folder(tmp_path, canary, {"hf_tokenizer_name": "a/b"})
    safetensors_of(folder)
    a_map(folder, file)
    with pytest.raises(UnsafeModel, match=rf"{file}: auto_map"):
        load(f"local-dir:{folder}", "its-own", "scorer", device="cpu")
    assert not canary.exists()


def test_a_text_tower_elsewhere_that_brings_code_is_refused(tmp_path, canary, monkeypatch):
    folder = a_folder(tmp_path, canary, {"hf_model_name": "model"})  # names a folder from where the command runs
    a_map(folder)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsafeModel, match=r"model/config\.json: auto_map"):
        load(f"local-dir:{folder}", "its-own", "scorer", device="cpu")
    assert not canary.exists()


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_python_beside_a_language_model_does_not_run(tmp_path, canary, file):
    folder = a_folder(tmp_path, canary)
    a_map(folder, file)
    for on_meta in (False, True):
        with pytest.raises(TrainingError, match=rf"language=.*{file}: auto_map"):
            load_language(str(folder), torch.float32, on_meta)
    assert not canary.exists()


@pytest.mark.parametrize("config", ["caption.captioner", "caption.matcher"])
def test_python_beside_a_captioner_does_not_run(tmp_path, canary, config):
    from lamella.schemas.config import ModelConfig
    from lamella.transforms.caption.blip import BlipCaptioner, BlipMatcher

    folder = a_folder(tmp_path, canary)
    a_map(folder)
    kind = BlipCaptioner if config.endswith("captioner") else BlipMatcher
    with pytest.raises(UnsafeModel, match="auto_map"):
        kind.load(ModelConfig(name="blip", weights=str(folder), device="cpu"))
    assert not canary.exists()


@pytest.mark.parametrize(
    "name", ["open_clip_pytorch_model.bin", "pytorch_model.bin", "model.pt", "model.pth", "a.npz", "a.ckpt"]
)
def test_pickles_are_not_opened(tmp_path, canary, name):
    folder = a_folder(tmp_path, canary)
    (folder / WEIGHTS).unlink()
    (folder / name).write_bytes(pickle.dumps({"state_dict": Bomb(canary)}))
    for weights in ("its-own", str(folder), str(folder / name)):
        with pytest.raises(WeightsMissing, match=r"pickle|no file .*model\.safetensors"):
            load(f"local-dir:{folder}", weights, "scorer", device="cpu")
    with pytest.raises(WeightsMissing):
        load("ViT-S-32-alt", str(folder), "scorer", device="cpu")
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 1}))
    with pytest.raises(TrainingError):
        load_language(str(folder), torch.float32)
    assert not canary.exists()


def test_a_tag_that_is_a_pickle_alone_is_refused(monkeypatch):
    import open_clip

    monkeypatch.setattr(open_clip, "get_pretrained_cfg", lambda name, tag: {"url": "http://127.0.0.1:9/a.pt", "hf_hub": ""})
    with pytest.raises(WeightsMissing, match="a pickle is never opened"):
        load("ViT-S-32-alt", "a-tag", "scorer", device="cpu")


@pytest.mark.parametrize(
    "config",
    [
        {"auto_map": {}},
        {"text_config": {"deep": [{"auto_map": {"AutoModel": "a.B"}}]}},
        {"attn_implementation": "some-one/kernel"},
        {"vision_config": {"_attn_implementation": "some-one/kernel@main:layer"}},
        {"vocab_file": "/etc/hostname"},
        {"merges_file": "../../hostname"},
    ],
)
def test_code_is_found_at_any_depth(config):
    with pytest.raises(UnsafeModel):
        check_no_code(config, "config.json")


def test_what_configs_do_say_is_let_pass(tmp_path):
    sound = {"attn_implementation": "sdpa", "tokenizer_file": None, "vocab_file": "vocab.json", "name_or_path": "a/b"}
    check_no_code(sound | {"special_tokens_map_file": "/root/.cache/x/special_tokens_map.json"}, "tokenizer_config.json")
    check_no_code(json.loads("[" * 900 + "]" * 900), "config.json")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UnsafeModel, match="not JSON"):
        vet_transformers(str(tmp_path))


def test_every_config_of_open_clip_itself_is_on_the_list():
    import open_clip

    from lamella.weights.vetting import _check_clip

    for name in open_clip.list_models():
        _check_clip({"model_cfg": open_clip.get_model_config(name)}, name)


def offenders(tree: ast.AST) -> list[str]:
    """Calls that could run a model's code or open a pickle."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        words = {word.arg: ast.unparse(word.value) for word in node.keywords}
        called = ast.unparse(node.func)
        if node.func.attr in LOADERS and words.get("trust_remote_code") != "False":
            found.append(f"line {node.lineno}: {called} without trust_remote_code=False")
        small = called.rpartition(".")[0].endswith(("AutoTokenizer", "AutoConfig"))
        if node.func.attr == "from_pretrained" and not small and words.get("use_safetensors") != "True":
            found.append(f"line {node.lineno}: {called} without use_safetensors=True")
        if called in ("torch.load", "torch.jit.load", "torch.hub.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load"):
            found.append(f"line {node.lineno}: {called}")
        if node.func.attr in ("FileSystemReader", "FileSystemWriter"):
            found.append(f"line {node.lineno}: {called}, whose metadata is a pickle")
        if called == "np.load" and words.get("allow_pickle") != "False":
            found.append(f"line {node.lineno}: np.load without allow_pickle=False")
    return found


def test_no_line_of_the_package_opens_a_pickle_or_trusts_code():
    """P12: `torch.load` is absent, and each `from_pretrained` says what it does not want."""
    folders = ("schemas", "transforms", "pipeline", "runners", "trainer", "sample", "weights")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 100
    assert {str(path): found for path in sources if (found := offenders(ast.parse(path.read_text(encoding="utf-8"))))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "AutoModel.from_pretrained(name)",
        "AutoModel.from_pretrained(name, trust_remote_code=False)",
        "AutoTokenizer.from_pretrained(name, trust_remote_code=asked)",
        "torch.load(path)",
        "np.load(path)",
        "yaml.load(text)",
        "parts.FileSystemReader(folder)",
    ],
)
def test_the_gate_sees_what_it_should(line):
    assert offenders(ast.parse(line))
