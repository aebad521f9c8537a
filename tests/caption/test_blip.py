"""BLIP through transformers, at random weights: our sampling and matching against transformers' own numbers."""

import pytest
import torch
from PIL import Image

from lamella.schemas.config import CaptionConfig, ModelConfig

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", "a", "red", "green", "square", "field", "of", "the"]


@pytest.fixture(scope="module")
def blip(tmp_path_factory) -> dict[str, ModelConfig]:
    transformers = pytest.importorskip("transformers")  # here: an import of seconds, which only this file's process wants
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    pieces = Tokenizer(WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    pieces.pre_tokenizer = Whitespace()
    pieces.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=pieces, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = small | {
        "vocab_size": len(WORDS),
        "encoder_hidden_size": 16,
        "projection_dim": 8,
        "bos_token_id": 4,
        "sep_token_id": 3,
        "eos_token_id": 3,
        "pad_token_id": 0,
        "max_position_embeddings": 16,
    }
    config = transformers.BlipConfig(
        text_config=text, vision_config=small | {"image_size": 32, "patch_size": 16}, projection_dim=8, image_text_hidden_size=8
    )
    made = {}
    for role, kind in (
        ("captioner", transformers.BlipForConditionalGeneration),
        ("matcher", transformers.BlipForImageTextRetrieval),
    ):
        folder = tmp_path_factory.mktemp(role)
        torch.manual_seed(5)
        model = kind(config)
        if role == "captioner":
            with torch.no_grad():
                model.text_decoder.cls.predictions.bias[3] = 9.0  # its captions end as soon as they may: none is cut
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        made[role] = ModelConfig(name="blip", weights=str(folder), batch=2, device="cpu")
    return made


def images():
    return [Image.new("RGB", (40, 30), colour) for colour in ((200, 20, 20), (20, 200, 20), (20, 20, 200))]


def test_captions_are_words_and_repeat(blip):
    from lamella.transforms.caption.models import load_captioner

    captioner = load_captioner(blip["captioner"])
    config = CaptionConfig(min_tokens=2, max_tokens=5)
    captions = captioner.captions(images(), ["x", "y", "z"], config)
    assert captions == captioner.captions(images(), ["x", "y", "z"], config)
    assert all(caption and set(caption.split()) <= set(WORDS[5:]) for caption in captions)
    assert captioner.label.startswith("blip/") and captioner.image_size == 32


def test_a_greedy_caption_is_that_of_transformers(blip):
    from lamella.transforms.caption.models import load_captioner

    captioner = load_captioner(blip["captioner"])
    greedy = CaptionConfig(top_p=1e-9, min_tokens=4, max_tokens=4, repetition_penalty=1.0)
    pixels = captioner._see(images())
    tokens = torch.full((3, 1), 4)
    for _ in range(4):
        logits = captioner.model.text_decoder(
            input_ids=tokens, attention_mask=torch.ones_like(tokens), encoder_hidden_states=pixels
        ).logits[:, -1]
        logits[:, [0, 3, 4]] = -torch.inf
        tokens = torch.cat([tokens, logits.argmax(dim=-1, keepdim=True)], dim=1)
    expected = [" ".join(WORDS[token] for token in row if token > 4) for row in tokens[:, 1:].tolist()]
    assert captioner.captions(images(), ["x", "y", "z"], greedy) == expected


def test_matching_is_the_softmax_of_the_head(blip):
    from lamella.transforms.caption.models import load_matcher

    matcher = load_matcher(blip["matcher"])
    asked = [(0, "a red square"), (1, "the green field"), (2, "a red square"), (0, "green")]
    found = matcher.probabilities(images(), asked)
    for (index, text), probability in zip(asked, found, strict=True):
        words = matcher.tokenizer([text], return_tensors="pt")
        scores = _head(matcher, images()[index], words)
        assert probability == pytest.approx(float(torch.softmax(scores, dim=-1)[0, 1]), abs=1e-5)
    assert matcher.probabilities([], []) == []


def _head(matcher, image, words):
    """The model's own forward pass, on a picture of one colour, which resizing leaves as it is."""
    from lamella.transforms.caption.blip import _MEAN, _STD

    square = torch.tensor(image.getpixel((0, 0))).float().div(255).view(1, 3, 1, 1).expand(1, 3, 32, 32)
    pixels = (square - torch.tensor(_MEAN).view(3, 1, 1)) / torch.tensor(_STD).view(3, 1, 1)
    with torch.inference_mode():
        return matcher.model(
            input_ids=words["input_ids"], attention_mask=words["attention_mask"], pixel_values=pixels
        ).itm_score
