"""Trainings small enough for a test: a random decoder of two blocks on disk, and the overrides that go with the small world."""

import json
import socket
from pathlib import Path

import torch
from flamingo_world import world_vocabulary, write_world

from lamella.schemas.pair import Dataset
from tests.fork_server import Child, ForkServer
from tests.model_world import write_models

COUNTS = {Dataset.M3W: [7, 6], Dataset.ALIGN: [9, 8], Dataset.LTIP: [6], Dataset.VTP: [5]}


def write_language(folder: Path) -> str:
    """A random Llama of two blocks and its tokenizer, in transformers' format."""
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    vocabulary = world_vocabulary()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=vocabulary._pieces, unk_token="[UNK]")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), tie_word_embeddings=True, **sizes)).save_pretrained(folder)
    return str(folder)


def write_training(toy, folder: Path) -> tuple[str, dict[str, str]]:
    """(shards, overrides of the recipe "demo"): two blocks of language model over a vision encoder of one layer at 32 px."""
    shards = write_world(toy, folder / "shards", COUNTS)
    (folder / "vision").mkdir()
    vision = write_models(folder / "vision")
    return shards, {
        "language": write_language(folder / "language"),
        **{"vision": f"{vision}/tiny.json", "vision_weights": vision},
        **{"m3w.batch": "4", "m3w.tokens": "24", "m3w.images": "3", "align.batch": "4", "align.tokens": "16"},
        **{"ltip.batch": "2", "ltip.tokens": "16", "vtp.batch": "2", "vtp.tokens": "16", "vtp.frames": "2"},
        **{"resampler_layers": "1", "latents": "4", "head_width": "8", "resampler_heads": "2", "cross_heads": "2"},
        **{"steps": "6", "warmup_steps": "2", "learning_rate": "0.01", "processes": "1", "threads": "1", "device": "cpu"},
        **{"log_every": "1", "checkpoint_every": "2", "validation_samples": "4", "tensorboard": "false"},
    }


def logged(output: Path, key: str = "loss") -> dict[int, object]:
    """What the log says of each step."""
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return {line["step"]: line[key] for line in lines if key in line}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def launch(
    server: ForkServer,
    module: str,
    size: int,
    arguments: list,
    ranks: list[int] | None = None,
    port: int | None = None,
    whole: bool = False,
) -> list[Child]:
    """`module.train(*arguments)` in `size` real processes, or those of `ranks` alone, with torchrun's environment."""
    port = port or free_port()
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size)}
    return [
        server.run(module, arguments, common | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, whole)
        for rank in (range(size) if ranks is None else ranks)
    ]
