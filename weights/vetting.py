"""What a foreign model says of itself -> nothing, or one line that names the file and the key that could run code.

A model is data: numbers in safetensors and a config that picks among classes of installed libraries. Configs can also name
Python beside them (`auto_map`, `trust_remote_code`), a kernel to download, or a file elsewhere. They are read here first.
Sources: `dynamic_module_utils` of transformers and its hub kernels; `factory.get_tokenizer` of open_clip; `_factory` of timm.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamella.schemas.errors import ConfigError

CLIP_CONFIG = "open_clip_config.json"
LOCAL, HUB = "local-dir:", "hf-hub:"  # prefixes of names that make open_clip read a config of others

_REPO = re.compile(r"[A-Za-z0-9][\w.\-]*(?:/[A-Za-z0-9][\w.\-]*)?", re.ASCII)  # owner/name on the hub
_TIMM = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)?")  # architecture.tag; `hf-hub:` and `local-dir:` read more configs
_CODE_KEYS = frozenset(("auto_map", "trust_remote_code", "custom_generate", "custom_pipelines", "custom_code"))
_FILES = ("config.json", "tokenizer_config.json", "generation_config.json", "preprocessor_config.json")

# What open_clip's own configs and its model cards hold. The values are numbers, switches and short words.
_TOP = frozenset(("model_cfg", "preprocess_cfg"))
_MODEL_KEYS = (
    "embed_dim vision_cfg text_cfg multimodal_cfg quick_gelu custom_text init_logit_scale init_logit_bias output_dict "
    "nonscalar_logit_scale pad_id"
)
_MODEL = frozenset(_MODEL_KEYS.split())
_PREPROCESS = frozenset(["size", "mode", "mean", "std", "interpolation", "resize_mode", "fill_color"])
_TOWER_KEYS = (
    "layers width heads head_width mlp_ratio patch_size image_size ls_init_value patch_dropout attentional_pool "
    "attn_pooler_queries attn_pooler_heads no_ln_pre pos_embed_type final_ln_after_pool pool_type output_tokens act_kwargs "
    "norm_kwargs block_type qk_norm scaled_cosine_attn scale_heads scale_attn_inner scale_attn scale_fc timm_model_name "
    "timm_model_pretrained timm_pool timm_proj timm_proj_bias timm_drop timm_drop_path context_length vocab_size "
    "hf_tokenizer_name tokenizer_mode tokenizer_kwargs embed_cls pad_id eos_id no_causal_mask proj_bias proj_type "
    "hf_model_name hf_model_pretrained hf_proj_type hf_pooler_type dim_head n_queries"
)
_TOWER = frozenset(_TOWER_KEYS.split())
_KWARGS = {
    "tokenizer_kwargs": frozenset(("clean", "strip_sep_token", "language", "lower", "additional_special_tokens")),
    "act_kwargs": frozenset(("approximate",)),
    "norm_kwargs": frozenset(("eps", "elementwise_affine", "bias")),
}
_NAMES = {"timm_model_name": _TIMM, "hf_model_name": _REPO, "hf_tokenizer_name": _REPO}


class UnsafeModel(ConfigError):
    """A model's config names code, or something that this program does not know. One line: the file and the key."""


def vet_clip(name: str) -> None:
    """Reads the config that open_clip would read for `name`, before it does, and those of the towers that it names.

    Args:
        name: as `open_clip.create_model` takes it. Its own configs are part of the package: only their hub pages are read.

    Raises:
        UnsafeModel: a key that is on no list, or a value that names code.
        OSError: the config cannot be read.
    """
    import open_clip

    if name.startswith(LOCAL):
        where = f"{name.removeprefix(LOCAL)}/{CLIP_CONFIG}"
        config = _read(Path(where), where)
        _check_clip(config, where)
        vet_transformers(name.removeprefix(LOCAL))  # the tokenizer lies in the folder
    elif name.startswith(HUB):
        from huggingface_hub import hf_hub_download

        where = f"{name}/{CLIP_CONFIG}"
        config = _read(Path(hf_hub_download(name.removeprefix(HUB), CLIP_CONFIG)), where)
        _check_clip(config, where)
    else:
        config = {"model_cfg": open_clip.get_model_config(name.replace("/", "-")) or {}}
    text = config["model_cfg"].get("text_cfg", {})
    keys = ("hf_model_name",) if name.startswith(LOCAL) else ("hf_model_name", "hf_tokenizer_name")
    for repo in sorted({text[key] for key in keys if text.get(key)}):
        vet_transformers(repo)


def vet_transformers(name: str) -> None:
    """Reads the small JSON files of a model of `transformers`, by folder or by its name on the hub.

    Raises:
        UnsafeModel: one of them names code, or a file outside of the model's own.
        OSError: the hub does not answer.
    """
    for file in _FILES:
        path = _found(name, file)
        if path is not None:
            check_no_code(_read(path, f"{name}/{file}"), f"{name}/{file}")


def check_no_code(config: Any, where: str) -> None:
    """Raises UnsafeModel where a key at any depth names code, a kernel, or a file that is not beside the config."""
    for path, value in _leaves(config):
        key = path.rpartition(".")[2]
        if set(path.split(".")) & _CODE_KEYS:
            raise UnsafeModel(f"{where}: {path}: names code that the model brings along, and a model's code is never run")
        if "attn_implementation" in key and isinstance(value, str) and "/" in value:
            raise UnsafeModel(f"{where}: {path}: a kernel of the hub ({value!r}) is code, and is never run")
        elsewhere = isinstance(value, str) and ("/" in value or "\\" in value)
        if key.endswith("_file") and key != "special_tokens_map_file" and elsewhere:
            raise UnsafeModel(f"{where}: {path}: {value!r} is not a file of the model's own")


def _check_clip(config: Any, where: str) -> None:
    _known(config, "", _TOP, where)
    model = config.get("model_cfg")
    _known(model, "model_cfg", _MODEL, where)
    _known(config.get("preprocess_cfg", {}), "preprocess_cfg", _PREPROCESS, where)
    for tower in ("vision_cfg", "text_cfg", "multimodal_cfg"):
        part = model.get(tower, {})
        _known(part, f"model_cfg.{tower}", _TOWER, where)
        for key, keys in _KWARGS.items():
            if part.get(key) is not None:
                _known(part[key], f"model_cfg.{tower}.{key}", keys, where)
        for key, pattern in _NAMES.items():
            if part.get(key) and not (isinstance(part[key], str) and pattern.fullmatch(part[key])):
                raise UnsafeModel(f"{where}: model_cfg.{tower}.{key}: {part[key]!r} is not a plain name")
    check_no_code(config, where)


def _known(part: Any, at: str, keys: frozenset[str], where: str) -> None:
    if not isinstance(part, dict):
        raise UnsafeModel(f"{where}: {at or 'the whole'}: an object is needed")
    for key in part:
        if key not in keys:
            raise UnsafeModel(
                f"{where}: {'.'.join(filter(None, (at, key)))}: this key is not on the list of what a config may say"
            )


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of every value in nested JSON, empty objects included."""
    stack = [(at, value)]  # no recursion: a config's depth is its author's choice
    while stack:
        at, value = stack.pop()
        if isinstance(value, dict) and value:
            stack += [(f"{at}.{key}".lstrip("."), inner) for key, inner in value.items()]
        elif isinstance(value, list) and value:
            stack += [(at, inner) for inner in value]
        else:
            yield at, value


def _found(name: str, file: str) -> Path | None:
    """Where a small file of a model lies, downloaded if need be; None where the model has none."""
    if Path(name).is_dir():
        path = Path(name) / file
        return path if path.is_file() else None
    from transformers.utils.hub import cached_file

    found = cached_file(name, file, _raise_exceptions_for_missing_entries=False)
    return Path(found) if found else None


def _read(path: Path, where: str) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UnsafeModel(f"{where}: not JSON") from error
