"""Compiled parts: they give what they gave uncompiled, and meet only so many forms, however the batches differ."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_flamingo import VOCABULARY, flamingo, opened

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.trainer.core.world import join
from lamella.trainer.flamingo.parallel import FORMS, compile_parts
from lamella.trainer.loading.batch import Batch

ROOT = Path(__file__).resolve().parents[2]
SHAPES = {Dataset.M3W: (3, 24, 1), Dataset.ALIGN: (8, 8, 1), Dataset.LTIP: (6, 12, 1), Dataset.VTP: (2, 8, 4)}  # B, L, T


def batch(dataset: Dataset, seed: int) -> Batch:
    """Rows of one image each, but those of documents, which have none to four, in places that differ from seed to seed."""
    rows, length, frames = SHAPES[dataset]
    draw = torch.Generator().manual_seed(seed)
    counts = torch.randint(0, 5, (rows,), generator=draw) if dataset is Dataset.M3W else torch.ones(rows, dtype=torch.int64)
    begins = torch.rand(rows, length, generator=draw) < 0.3
    text = torch.randint(1, VOCABULARY, (rows, length), generator=draw)
    return Batch(
        dataset=dataset,
        text=text,
        phi=torch.minimum(begins.cumsum(1), counts[:, None]),
        loss_mask=torch.ones_like(text, dtype=torch.bool),
        document=torch.ones_like(text),
        position=torch.arange(length).expand(rows, length),
        images=torch.randint(0, 256, (int(counts.sum()), frames, 16, 16, 3), generator=draw, dtype=torch.uint8),
        image_counts=counts,
        frame_counts=torch.full((int(counts.sum()),), frames),
        keys=tuple(map(str, range(rows))),
    )


pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["forms", "named_forms", "forks"])
def test_in_a_process_of_its_own(name):
    """A compiled model's gradients start threads: forks of the process that runs all tests could have no gradients any more."""
    told = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert told.returncode == 0, told.stderr


def _meet_few_forms(known) -> None:
    """Too many forms are an error."""
    from torch._dynamo.testing import CompileCounter  # two seconds of imports, which no other file wants

    plain, model = (opened(flamingo("llama", known, blocks=2)[0]).train() for _ in range(2))
    model.load_state_dict(plain.state_dict())
    forms, met = CompileCounter(), []
    with torch._dynamo.config.patch(recompile_limit=FORMS, optimize_ddp=True, fail_on_recompile_limit_hit=True):
        compile_parts(model, forms)
        for turn in range(3):
            for dataset in SHAPES:
                one = batch(dataset, turn)
                loss, expected = model.loss(one), plain.loss(one)
                loss.backward()
                assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
                with torch.no_grad():
                    assert model.eval().loss(one).item() == pytest.approx(expected.item(), rel=1e-5)
                model.train()
            met.append(forms.frame_count)
    assert met[-1] == met[-2]  # nothing new any more
    assert met[-1] <= FORMS / 2, met


def _fork_after_compiling() -> None:
    model = opened(flamingo("llama", None, blocks=2)[0]).train()
    compile_parts(model, "eager")
    model.loss(batch(Dataset.M3W, 0)).backward()
    with (
        pytest.raises(TrainingError, match=r"^processes=2: this process has trained a compiled model; "),
        join("cpu", processes=2) as world,
    ):
        world.told(None)


if __name__ == "__main__":
    match sys.argv[1]:
        case "forms":
            _meet_few_forms(None)
        case "named_forms":
            _meet_few_forms({"<image>": 1, "<EOC>": 2, "<BOS>": 3, "<EOS>": 4, "<PAD>": 5})
        case "forks":
            _fork_after_compiling()
