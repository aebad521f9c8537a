"""What it costs to add a thing, carried out on a copy of the tree: the files that are touched, and that it works."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("schemas", "transforms", "pipeline", "reporting", "runners", "trainer", "weights")


class Tree:
    """A copy of the package, with what has been changed in it."""

    def __init__(self, folder: Path):
        self.root, self.touched = folder, set()
        shutil.copytree(ROOT / "lamella", folder / "lamella")
        for name in FOLDERS:
            skipped = shutil.ignore_patterns("__pycache__", "*.safetensors")
            shutil.copytree(ROOT / name, folder / "lamella" / name, ignore=skipped)

    def change(self, file: str, old: str, new: str) -> None:
        path = self.root / "lamella" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")
        self.touched.add(file)

    def test(self, file: str, text: str) -> None:
        """Writes a test into the tree and runs it there."""
        (self.root / file).write_text(dedent(text), encoding="utf-8")
        self.touched.add(file)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(self.root), file]
        found = subprocess.run(
            command, cwd=self.root, env=os.environ | {"PYTHONPATH": str(self.root)}, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stdout + found.stderr


@pytest.fixture
def tree(tmp_path) -> Tree:
    return Tree(tmp_path)


def test_a_dataset_of_pairs_touches_three_files(tree):
    tree.change("schemas/datasets.py", '    VTP = "vtp"\n', '    VTP = "vtp"\n    TITLES = "titles"\n')
    tree.change(
        "schemas/datasets.py",
        "DATASETS: dict[Dataset, DatasetEntry] = {\n",
        """DATASETS: dict[Dataset, DatasetEntry] = {
    Dataset.TITLES: DatasetEntry(
        sample=PairSample,
        unit=Unit.PAIR,
        table="pairs/images",
        says="pictures with the titles of their pages",
        trainer=TrainerDefaults(weight=0.1, batch=32, tokens=16),
    ),
""",
    )
    tree.change(
        "transforms/pair/rules.py",
        "MINED = {\n",
        """def titles(document, node, config):
    if isinstance(node, ImageNode) and document.title:
        yield candidates.candidate(document, node, Dataset.TITLES, CaptionSource.TITLE, document.title)


TITLE_TEXT_RULES = _book(Stage.PROPOSE, "titles", Under(Reason.CAPTION_TOO_SHORT, m.words, "ltip_min_words"))
TITLE_RULES = _book(Stage.PAIR, "pictures of titles", *_PICTURE)


MINED = {
    Dataset.TITLES: Mined(titles, TITLE_TEXT_RULES, TITLE_RULES),
""",
    )
    tree.change(
        "transforms/pair/rules.py",
        "from lamella.schemas.document import InterleavedDocument, Node\nfrom lamella.schemas.pair import CandidatePair\n",
        "from lamella.schemas.document import ImageNode, InterleavedDocument, Node\n"
        "from lamella.schemas.pair import CandidatePair, CaptionSource\n",
    )
    tree.test(
        "test_titles.py",
        """
        from lamella.pipeline.graph import SHARD_FOLDERS
        from lamella.reporting.rules import rule_lines
        from lamella.schemas.config import Config, PairConfig, ShardConfig
        from lamella.schemas.datasets import Dataset
        from lamella.schemas.document import ImageNode, InterleavedDocument, Provenance
        from lamella.schemas.media import BlobRef, Container, Media, MediaKind
        from lamella.schemas.rejection import Reason
        from lamella.trainer.flamingo.config import resolve
        from lamella.transforms.pair.corpus import Candidate
        from lamella.transforms.pair.judge import judge_candidate, propose_pairs
        from lamella.transforms.shard.plan import plan_shards
        from lamella.transforms.shard.write import names_of

        URL = "https://a.example/fox.jpg"
        BLOB = BlobRef(path="a.warc", offset=0, length=9, container=Container.WARC)
        FOX = Media(url=URL, kind=MediaKind.IMAGE, blob=BLOB, sha256="5", mime="image/jpeg", bytes=9, width=900, height=900,
                    source="archive")


        def judged(title):
            document = InterleavedDocument(key="d", url="https://a.example/", title=title,
                nodes=(ImageNode(url=URL, position=1, media=FOX),), provenance=Provenance(archive="a.warc", offset=0, length=9))
            (pair,) = propose_pairs(document, PairConfig())
            (verdict,) = judge_candidate(Candidate(pair=pair), PairConfig())
            return pair, verdict


        def test_titles():
            pair, verdict = judged("A red fox rests beside the river in the first snow of a long winter")
            assert verdict is pair and pair.dataset is Dataset.TITLES
            assert judged("A fox")[1].reason is Reason.CAPTION_TOO_SHORT
            assert "shards/titles" in SHARD_FOLDERS
            assert list(names_of(plan_shards(Dataset.TITLES, 10, ShardConfig()))) == ["titles"]
            assert any(line.book == "titles" for line in rule_lines(Config(recipe="m3w")))
            assert resolve("flamingo-3b", {"titles.batch": "8"}).mixture()[Dataset.TITLES].weight == 0.1
        """,
    )
    assert tree.touched == {"schemas/datasets.py", "transforms/pair/rules.py", "test_titles.py"}


def test_a_measure_by_pixels_touches_three_files(tree):
    tree.change(
        "schemas/config.py",
        "    min_colour_spread:",
        "    max_dark_share: float | None = Field(0.9, ge=0.0, le=1.0)  # ours\n    min_colour_spread:",
    )
    tree.change(
        "transforms/media/picture_rules.py",
        "# On a Media that is a picture.\n",
        '''@of_pixels
def dark_share(picture: Image.Image) -> float:
    """Share of the pixels below a level of 32 of 255."""
    levels = picture.convert("L").histogram()
    return round(sum(levels[:32]) / sum(levels), 3)


# On a Media that is a picture.
''',
    )
    tree.change(
        "transforms/media/picture_rules.py",
        'colour_spread, "min_colour_spread"),)',
        'colour_spread, "min_colour_spread"), Over(Reason.SINGLE_COLOUR, dark_share, "max_dark_share"))',
    )
    tree.change("transforms/media/picture_rules.py", "import Rulebook, Under", "import Over, Rulebook, Under")
    tree.test(
        "test_dark_share.py",
        """
        import io

        from PIL import Image

        from lamella.reporting.rules import rule_lines
        from lamella.schemas.arrow import from_table, to_table
        from lamella.schemas.config import Config, FetchConfig
        from lamella.schemas.media import BlobRef, Container, Media, MediaKind
        from lamella.transforms.fetch.captured import CapturedLink
        from lamella.transforms.fetch.inspect import judge_bytes


        def judged(lit, config=None):
            \"\"\"A black picture of which `lit` columns of 200 are white.\"\"\"
            picture, out = Image.new("RGB", (200, 200)), io.BytesIO()
            picture.paste((255, 255, 255), (0, 0, lit, 200))
            picture.save(out, "PNG")
            data = out.getvalue()
            blob = BlobRef(path="a.warc", offset=0, length=len(data), container=Container.WARC)
            link = CapturedLink(url="https://a.example/n.png", kind=MediaKind.IMAGE, documents=1, source="archive", blob=blob)
            return judge_bytes(link, data, config or FetchConfig())


        def test_dark_share():
            kept, dark = judged(100), judged(10)
            assert isinstance(kept, Media) and 0.48 < kept.measured["dark_share"] < 0.52
            assert list(from_table(Media, to_table(Media, [kept]))) == [kept]
            assert (dark.measure, dark.limit) == ("dark_share", 0.9) and 0.93 < dark.value < 0.97
            assert isinstance(judged(10, FetchConfig(max_dark_share=None)), Media)
            assert any(line.key == "fetch.max_dark_share" for line in rule_lines(Config(recipe="m3w")))
        """,
    )
    assert tree.touched == {"schemas/config.py", "transforms/media/picture_rules.py", "test_dark_share.py"}
