"""The model over real decoders of several families, tiny and random: what equals the language model, what learns, what sees."""

import copy
import json

import pytest
import torch
from tiny_flamingo import Patches
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    OPTConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.flamingo.model import Flamingo, build, old_name, restore
from lamella.trainer.flamingo.vision_encoder import KeptFeatures, VisionEncoder, load_vision_encoder
from lamella.trainer.loading.batch import Batch
from lamella.trainer.loading.tokenizer import EOS, PAD, Vocabulary

VOCABULARY, WIDTH = 50, 32
SIZES = {"hidden_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 2, "vocab_size": VOCABULARY}
FAMILIES = {
    "llama": LlamaConfig(**SIZES, intermediate_size=48, tie_word_embeddings=True),
    "qwen2": Qwen2Config(**SIZES, intermediate_size=48, num_key_value_heads=1),
    "gpt2": GPT2Config(n_embd=WIDTH, n_layer=3, n_head=2, vocab_size=VOCABULARY, resid_pdrop=0.5, embd_pdrop=0.5),
    "opt": OPTConfig(**SIZES, ffn_dim=48, word_embed_proj_dim=WIDTH, max_position_embeddings=64),
    "neox": GPTNeoXConfig(**SIZES, intermediate_size=48, max_position_embeddings=64),
}
CONFIG = FlamingoConfig(
    recipe="test",
    resampler_layers=1,
    latents=4,
    head_width=8,
    resampler_heads=2,
    cross_heads=2,
    cross_every=2,
    time_embeddings=4,
)


def flamingo(family: str, known: dict[str, int] | None = None, blocks: int = 3, **changes) -> tuple[Flamingo, torch.nn.Module]:
    """A Flamingo and its language model as it was before."""
    torch.manual_seed(0)
    form = copy.deepcopy(FAMILIES[family])
    form.num_hidden_layers = blocks
    plain = AutoModelForCausalLM.from_config(form).eval()
    language = AutoModelForCausalLM.from_config(form)
    language.load_state_dict(plain.state_dict())
    encoder = VisionEncoder(Patches(), label="patches", side=16, look=((0.5,) * 3, (0.5,) * 3), own=True)
    vocabulary = Vocabulary(pieces(), VOCABULARY, known or {})
    return Flamingo(encoder, language.requires_grad_(False), vocabulary, CONFIG.model_copy(update=changes)), plain


def pieces() -> Tokenizer:
    """A tokenizer of VOCABULARY words."""
    words = Tokenizer(models.WordLevel({f"w{n}": n for n in range(VOCABULARY)}, unk_token="w0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return words


def a_batch(frames: int = 1) -> Batch:
    """Two rows of 12 tokens: two images that tokens 2 to 4 and 5 to 8 look at, and one image from token 6 on."""
    generator = torch.Generator().manual_seed(3)
    text = torch.randint(1, VOCABULARY, (2, 12), generator=generator)
    phi = torch.tensor([[0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0], [0] * 6 + [1] * 6])
    images = torch.randint(0, 256, (3, frames, 16, 16, 3), generator=generator, dtype=torch.uint8)
    return Batch(
        dataset=Dataset.M3W,
        text=text,
        phi=phi,
        loss_mask=torch.ones_like(text, dtype=torch.bool),
        document=torch.ones_like(text),
        position=torch.arange(12).expand(2, 12),
        images=images,
        image_counts=torch.tensor([2, 1]),
        frame_counts=torch.full((3,), frames),
        keys=("a", "b"),
    )


def opened(model: Flamingo) -> Flamingo:
    with torch.no_grad():
        for gate in model.cross_attention:
            gate.attention_gate.fill_(0.7)
            gate.feedforward_gate.fill_(0.5)
    return model


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


def test_times_are_interpolated_for_longer_clips():
    model, _ = flamingo("llama")
    trained = model.resampler.times
    assert torch.equal(model.resampler._times(3), trained[:3])
    longer = model.resampler._times(7)
    torch.testing.assert_close(longer[::2], trained)
    torch.testing.assert_close(longer[1], (trained[0] + trained[1]) / 2)
    assert model.encode_images(a_batch(frames=7).images).shape == (3, 4, 12)


def test_what_repeats_a_clips_last_frame_is_not_attended_to():
    model, clips = flamingo("llama")[0], a_batch(frames=4).images
    short = clips.clone()
    short[:, 2:] = short[:, 1:2]
    counts = torch.tensor([2, 2, 2])
    with torch.no_grad():
        two = model.encode_images(clips[:, :2])
        torch.testing.assert_close(model.encode_images(short, counts), two)
        torch.testing.assert_close(model.encode_images(clips, counts), two)  # whatever stands there
        assert not torch.allclose(model.encode_images(short), two)


def test_a_resampler_may_have_another_width_than_the_features():
    model, _ = flamingo("llama", resampler_width=20)
    assert model.resampler.project.weight.shape == (20, 12)
    assert model.encode_images(a_batch().images).shape == (3, 4, 20)
    model.loss(a_batch()).backward()
    assert model.cross_attention[0].attention.to_kv.weight.shape[1] == 20
    assert "resampler.project.weight" in model.trained() and not Flamingo.decays("resampler.project.weight")


def test_the_bundled_encoder_gives_a_grid_of_features_and_keeps_still():
    encoder = load_vision_encoder("lamella-coca", "bundled", None, torch.device("cpu")).train()
    assert not encoder.tower.training and not any(parameter.requires_grad for parameter in encoder.parameters())
    out = encoder(torch.zeros(2, encoder.side, encoder.side, 3, dtype=torch.uint8))
    assert out.shape[0] == 2 and out.shape[2] == encoder.width and out.shape[1] > 16


def test_features_are_kept_by_picture_and_do_not_follow_from_the_company():
    seen = []

    class Tower(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(1))

        def forward(self, pixels):  # [N, 3, S, S] -> pooled, tokens
            seen.append(len(pixels))
            tokens = (self.scale * pixels).flatten(2).amax(2)[:, None]
            return tokens[:, 0], tokens

    encoder = VisionEncoder(Tower(), label="most", side=8, look=((0.5,) * 3, (0.5,) * 3), own=True)
    images = torch.arange(20, dtype=torch.uint8)[:, None, None, None].expand(20, 8, 8, 3)
    whole, kept = encoder(images), KeptFeatures(encoder, mib=1)
    seen.clear()
    assert torch.equal(kept(images[[3, 3, 5]]), whole[[3, 3, 5]]) and len(seen) == 1
    assert torch.equal(kept(images), whole) and torch.equal(kept(images[[5, 0]]), whole[[5, 0]])
    assert len(seen) == 3 and len(set(seen)) == 1  # 18 new ones in two batches of the one size, and then none
    none = KeptFeatures(encoder, mib=0)  # no room: right, and seen each time
    assert torch.equal(none(images[:2]), whole[:2]) and torch.equal(none(images[:2]), whole[:2]) and len(seen) == 5


TEXT_CFG = {"context_length": 8, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1}
TOWERS = {
    "tiny-vit": {"image_size": 64, "patch_size": 32, "width": 64, "layers": 1},
    "tiny-resnet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8},
}


@pytest.mark.parametrize(("name", "side", "patches"), [("tiny-vit", 160, 25), ("tiny-resnet", None, 4)])
def test_towers_of_open_clip_see_too(name, side, patches, tmp_path, monkeypatch):
    """Its vision transformer, at another size than its own, and its ResNet; both small."""
    import open_clip

    from lamella.trainer.flamingo import vision_encoder as vision
    from lamella.weights.loader import untrained

    (tmp_path / f"{name}.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": TOWERS[name], "text_cfg": TEXT_CFG}))
    open_clip.add_model_config(tmp_path)
    monkeypatch.setattr(vision, "load", lambda name, weights, role, device: untrained(name, device=device))
    encoder = load_vision_encoder(name, "untrained", side, torch.device("cpu"))
    assert encoder(torch.zeros(1, encoder.side, encoder.side, 3, dtype=torch.uint8)).shape == (1, patches, encoder.width)


def test_a_model_saved_by_the_names_of_earlier_versions_is_read():
    """What was `gates.`, `rows_in` and `rows_out` in a file of then; `resampler.` is called so still."""
    model, other = opened(flamingo("qwen2")[0]), flamingo("qwen2")[0]
    saved = {old_name(name): parameter.detach().clone() for name, parameter in model.trained().items()}
    assert {name.partition(".")[0] for name in saved} == {"gates", "resampler", "rows_in", "rows_out"}
    restore(other, saved)
    assert all(torch.equal(parameter, model.trained()[name]) for name, parameter in other.trained().items())
    with pytest.raises(TrainingError, match="tensors too many or too few"):
        restore(other, saved | {"eyes.weight": torch.zeros(1)})
