"""The model over real decoders of several families, tiny and random: what equals the language model, what learns, what sees."""

import pytest
import torch
from small_flamingo import CONFIG, FAMILIES, VOCABULARY, WIDTH, a_batch, flamingo, opened, pieces
from transformers import (
    AutoModelForCausalLM,
    PreTrainedTokenizerFast,
)

from lamella.schemas.errors import TrainingError
from lamella.trainer.flamingo.model import Flamingo, build, old_name, restore
from lamella.trainer.loading.batch import Batch
from lamella.trainer.loading.tokenizer import EOS, PAD


@pytest.mark.parametrize("family", FAMILIES)
def test_with_closed_gates_it_is_the_language_model_to_the_bit(family):
    model, plain = flamingo(family)
    batch = a_batch()
    with torch.no_grad():
        expected = plain(input_ids=batch.text).logits
        assert torch.equal(model.train()(batch)[..., :VOCABULARY], expected)
        assert not torch.equal(opened(model)(batch)[..., :VOCABULARY], expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_hollow_one_has_the_form_of_the_whole_and_reads_no_weights(family, tmp_path):
    PreTrainedTokenizerFast(tokenizer_object=pieces(), unk_token="w0").save_pretrained(tmp_path)
    AutoModelForCausalLM.from_config(FAMILIES[family]).save_pretrained(tmp_path)
    config = CONFIG.model_copy(update={"language": str(tmp_path), "precision": "bf16"})
    whole = build(config, torch.device("cpu"))
    (tmp_path / "model.safetensors").unlink()
    on_meta = build(config, torch.device("cpu"), on_meta=True)
    assert form(on_meta) == form(whole)
    places = {(name.partition(".")[0] == "vision_encoder", tensor.device.type) for name, tensor in tensors(on_meta).items()}
    assert places == {(True, "cpu"), (False, "meta")}
    # What is neither parameter nor buffer would never be filled.
    assert not [value for module in on_meta.modules() for value in vars(module).values() if type(value) is torch.Tensor]


def tensors(model: Flamingo) -> dict[str, torch.Tensor]:
    return dict(model.named_parameters()) | dict(model.named_buffers())


def form(model: Flamingo) -> dict[str, tuple]:
    return {name: (tensor.shape, tensor.dtype, tensor.requires_grad) for name, tensor in tensors(model).items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_without_images_open_gates_change_nothing(family):
    model, plain = flamingo(family)
    batch = a_batch()
    blind = Batch(**{name: getattr(batch, name) for name in batch.__slots__} | {"phi": torch.zeros_like(batch.phi)})
    with torch.no_grad():
        assert torch.equal(opened(model)(blind)[..., :VOCABULARY], plain(input_ids=batch.text).logits)


def test_a_token_sees_no_image_but_its_own_and_those_of_tokens_before_it():
    model, batch = opened(flamingo("llama")[0]), a_batch()
    with torch.no_grad():
        before = model(batch)
        for image, row, first in ((0, 0, 2), (1, 0, 5), (2, 1, 6)):
            images = batch.images.clone()
            images[image] = 255 - images[image]
            moved = (model(Batch(**{n: getattr(batch, n) for n in batch.__slots__} | {"images": images})) != before).any(-1)
            assert not moved[1 - row].any() and not moved[row, :first].any() and moved[row, first:].all()


def test_gradients_reach_what_is_trained_and_nothing_else():
    model = opened(flamingo("gpt2")[0])
    model.loss(a_batch()).backward()
    with_gradient = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert with_gradient == set(model.trained())
    assert {name.split(".")[0] for name in with_gradient} == {"resampler", "cross_attention", "embedding_rows"}
    assert all(p.grad.abs().sum() > 0 for n, p in model.trained().items() if n != "embedding_rows" and "times" not in n)


def test_what_decays():
    names = {name for name in flamingo("llama")[0].trained() if Flamingo.decays(name)}
    parts = ("attention.to_q", "attention.to_kv", "attention.to_out", "feedforward.up", "feedforward.down")
    assert names == {f"cross_attention.{gate}.{part}.weight" for gate in (0, 1) for part in parts}


def test_a_vocabulary_that_knows_all_needs_no_rows_and_one_that_does_not_gets_its_own():
    names = ("<image>", "<EOC>", "<BOS>", "<EOS>", "<PAD>")
    model, _ = flamingo("llama", known={name: number for number, name in enumerate(names)})
    assert model(a_batch()).shape[-1] == VOCABULARY and model.embedding_rows is None
    tied, _ = flamingo("llama", known={EOS: 1, PAD: 0})
    assert tied.embedding_rows.shape == (3, WIDTH) and tied.head_rows is None  # one table for both ends
    untied, _ = flamingo("qwen2")
    assert untied.embedding_rows.shape == untied.head_rows.shape == (5, WIDTH)
    batch = a_batch()
    batch.text[0, 3] = untied.vocabulary.image
    assert untied(batch).shape == (2, 12, VOCABULARY + 5)
    untied.loss(batch).backward()
    assert untied.embedding_rows.grad[0].abs().sum() > 0 and untied.embedding_rows.grad[1:].abs().sum() == 0


@pytest.mark.parametrize("family", ["llama", "gpt2", "opt", "neox"])
def test_packed_rows_lose_what_single_rows_lose(family):
    model, batch = opened(flamingo(family)[0]), a_batch()
    row = {
        "text": torch.cat([batch.text[0, :9], batch.text[1]])[None],
        "phi": torch.cat([batch.phi[0, :9], torch.where(batch.phi[1] > 0, batch.phi[1] + 2, 0)])[None],
        "document": torch.tensor([[1] * 9 + [2] * 12]),
        "position": torch.tensor([[*range(9), *range(12)]]),
        "image_counts": torch.tensor([3]),
    }
    mask = torch.ones(1, 21, dtype=torch.bool)
    mask[0, 9] = False  # the first of a document is predicted from nothing
    alone = {name: getattr(batch, name) for name in batch.__slots__}
    packed = Batch(**alone | row | {"loss_mask": mask})
    assert packed.packed and not batch.packed
    single = batch.loss_mask.clone()
    single[0, 9:] = False
    with torch.no_grad():
        torch.testing.assert_close(model.loss(packed), model.loss(Batch(**alone | {"loss_mask": single})), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "gpt2", "opt"])
def test_reading_on_from_a_cache_gives_the_logits_of_the_whole(family):
    from transformers import DynamicCache

    model, batch = opened(flamingo(family)[0]).eval(), a_batch()
    with torch.no_grad():
        latents, cache = model.encode_images(batch.images), DynamicCache()
        parts = [
            model.read(batch.text[:, a:b], batch.phi[:, a:b], latents, batch.image_counts, cache=cache)
            for a, b in ((0, 7), (7, 12))
        ]
        torch.testing.assert_close(torch.cat(parts, dim=1), model(batch), rtol=1e-4, atol=1e-5)


def test_recomputing_gives_the_same_gradients():
    gradients = []
    for on in (False, True):
        model = opened(flamingo("llama")[0]).train()
        model.recompute(on)
        model.loss(a_batch()).backward()
        gradients.append({name: parameter.grad for name, parameter in model.trained().items()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name])


def test_a_model_saved_by_the_names_of_earlier_versions_is_read():
    """What was `gates.`, `rows_in` and `rows_out` in a file of then; `resampler.` is called so still."""
    model, other = opened(flamingo("qwen2")[0]), flamingo("qwen2")[0]
    saved = {old_name(name): parameter.detach().clone() for name, parameter in model.trained().items()}
    assert {name.partition(".")[0] for name in saved} == {"gates", "resampler", "rows_in", "rows_out"}
    restore(other, saved)
    assert all(torch.equal(parameter, model.trained()[name]) for name, parameter in other.trained().items())
    with pytest.raises(TrainingError, match="tensors too many or too few"):
        restore(other, saved | {"eyes.weight": torch.zeros(1)})
