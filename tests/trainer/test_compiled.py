"""Compiled parts: they give what they gave uncompiled, and meet only so many forms, however the batches differ."""

import pytest
import torch
from small_flamingo import VOCABULARY, flamingo, opened

from lamella.schemas.pair import Dataset
from lamella.trainer.flamingo.parallel import FORMS, compile_parts
from lamella.trainer.loading.batch import Batch

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


@pytest.fixture
def compiler():
    """As in a new process; too many forms are an error."""
    torch.compiler.reset()
    with torch._dynamo.config.patch(recompile_limit=FORMS, optimize_ddp=True, fail_on_recompile_limit_hit=True):
        yield
    torch.compiler.reset()


@pytest.mark.parametrize("known", [None, {"<image>": 1, "<EOC>": 2, "<BOS>": 3, "<EOS>": 4, "<PAD>": 5}])
def test_a_mixture_meets_few_forms_and_loses_the_same(known, compiler):
    plain, model = (opened(flamingo("llama", known, blocks=2)[0]).train() for _ in range(2))
    model.load_state_dict(plain.state_dict())
    from torch._dynamo.testing import CompileCounter  # two seconds of imports, which no other file wants

    forms = CompileCounter()
    compile_parts(model, forms)
    met = []
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
