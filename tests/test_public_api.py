"""The public API: what `import lamella` brings, what its functions give, and the tree of what they raise."""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest
from typer.main import get_command

import lamella
from lamella.pipeline.recipes import RECIPES
from lamella.runners.cli import app
from lamella.sample.web import write_sample
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.pair import ImageTextPair
from lamella.schemas.rejection import Rejection
from lamella.schemas.sample import InterleavedSample, PairSample
from lamella.schemas.shards import shard_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = (
    "<html><head><meta charset=utf-8><title>Tea</title></head><body><main><h1>Tea</h1>"
    "<p>{}</p><img src=pot.jpg></main></body></html>"
)
TEXT = "Green tea is steamed soon after it is picked, black tea is left to wither first. " * 4


def test_the_import_is_light():
    code = "import sys, lamella; print(*sorted(name.split('.')[0] for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"pydantic", "numpy", "pyarrow", "apache_beam", "torch", "typer", "PIL", "fsspec"} & set(loaded) == set()


def test_exports_are_complete_and_documented():
    """`__all__` names every public function and error of the module, each with a docstring and a place in docs/using.md."""
    public = {
        name
        for name, value in vars(lamella).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__.startswith("lamella")
    }
    page = (ROOT / "docs" / "using.md").read_text()
    assert public - set(lamella.__all__) == set() == set(lamella.__all__) - public
    assert [name for name in lamella.__all__ if not getattr(lamella, name).__doc__] == []
    assert [name for name in lamella.__all__ if f"`{name}`" not in page and f"lamella.{name}(" not in page] == []


def test_shards_in_the_docs_have_names_that_shards_have():
    pages = [ROOT / "README.md", ROOT / "lamella" / "__init__.py", *sorted((ROOT / "docs").glob("*.md"))]
    named = [found for page in pages for found in re.findall(r"\b(\w+)-(train|validation)-(\d+)\.tar", page.read_text())]
    assert len(named) > 5
    assert [parts for parts in named if "{}-{}-{}.tar".format(*parts) != shard_name(parts[0], parts[1], int(parts[2]))] == []


def test_docstrings_show_use():
    """Each function's example parses, and calls the function with parameters that it has."""
    for name in ("extract", "run", "read_table", "read_shard"):
        function = getattr(lamella, name)
        lines = inspect.cleandoc(function.__doc__).splitlines()
        block = [line[4:] for line in takewhile(lambda line: line != "Args:", lines) if line.startswith("    ")]
        calls = [node for node in ast.walk(ast.parse("\n".join(block))) if isinstance(node, ast.Call)]
        named = [call for call in calls if ast.unparse(call.func) == f"lamella.{name}"]
        assert named, name
        for call in named:
            inspect.signature(function).bind(*call.args, **{word.arg: word.value for word in call.keywords})


def test_every_error_stands_under_the_tree():
    """Of all modules, each exception class that another may catch. A watchdog's interrupt is no Exception on purpose."""
    strays = []
    for found in pkgutil.walk_packages(lamella.__path__, "lamella."):
        if found.name.rpartition(".")[2] == "__main__":
            continue
        module = importlib.import_module(found.name)
        strays += [
            f"{module.__name__}.{name}"
            for name, value in vars(module).items()
            if inspect.isclass(value)
            and issubclass(value, Exception)
            and not issubclass(value, lamella.LamellaError)
            and value.__module__ == module.__name__
            and not name.startswith("_")
        ]
    assert strays == []


def test_each_error_has_the_exit_code_of_its_kind():
    codes = {name: getattr(lamella, name).exit_code for name in lamella.__all__ if inspect.isclass(getattr(lamella, name))}
    wrong = {"ConfigError", "NoDevice", "TrainingError"}
    assert codes == {name: 2 if name in wrong else 4 for name in codes}


def test_extract_gives_a_document_in_reading_order():
    document = lamella.extract(PAGE.format(TEXT), "https://tea.example/green/")
    assert isinstance(document, InterleavedDocument) and document.title == "Tea"
    texts = [node.text for node in document.nodes if isinstance(node, TextNode)]
    assert texts == ["Tea", TEXT.strip()]
    assert [node.url for node in document.nodes if isinstance(node, ImageNode)] == ["https://tea.example/green/pot.jpg"]


def test_extract_decodes_bytes_as_they_say():
    html = (
        PAGE.format("Grüner Tee wird früh gedämpft, schwarzer Tee welkt länger. " * 4)
        .replace("utf-8", "iso-8859-1")
        .encode("latin-1")
    )
    assert "Grüner Tee wird früh gedämpft" in lamella.extract(html, "https://tea.example/").text


def test_extract_names_the_setting_that_there_is_not():
    with pytest.raises(lamella.ConfigError, match=r"extract\.timeouts"):
        lamella.extract("<p>Tea", "https://tea.example/", timeouts=2)


def test_extract_says_which_limit_a_page_ran_into():
    with pytest.raises(lamella.DataError, match="2 > 1 nodes"):
        lamella.extract(PAGE.format(TEXT).replace("<h1>Tea</h1>", ""), "https://tea.example/", max_nodes=1)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder, said = tmp_path_factory.mktemp("api"), []
    write_sample(folder / "web", pages=12, seed=0)
    overrides = {"caption.on": False, "score.documents": False}
    done = lamella.run("demo", str(folder / "web/*.warc.gz"), str(folder / "run"), overrides=overrides, say=said.append)
    assert said[-1] == "report: writes"
    return done


@pytest.mark.slow
def test_run_says_what_it_came_to(result):
    assert result.ended == "" and Path(result.report["path"]).is_file()
    assert json.loads(Path(result.folder, "run.json").read_text())["config"]["caption"]["on"] is False


@pytest.mark.slow
def test_tables_are_read_with_their_types(result):
    documents = list(lamella.read_table(f"{result.folder}/documents"))
    assert documents and {type(record) for record in documents} == {InterleavedDocument}
    assert {type(record) for record in lamella.read_table(f"{result.folder}/pairs/images")} == {ImageTextPair}
    assert {type(record) for record in lamella.read_table(f"{result.folder}/rejections/documents")} == {Rejection}
    one = next(Path(result.folder, "documents").glob("*.parquet"))
    assert {record.key for record in lamella.read_table(str(one))} <= {record.key for record in documents}


@pytest.mark.slow
def test_shards_are_read_with_their_types(result):
    shards = Path(result.folder, "shards")
    found = {
        name: [sample for tar in sorted(shards.glob(f"{name}/*.tar")) for sample in lamella.read_shard(str(tar))]
        for name in ("m3w", "align")
    }
    assert {type(sample) for sample in found["m3w"]} == {InterleavedSample}
    assert {type(sample) for sample in found["align"]} == {PairSample}


def test_a_missing_table_and_a_missing_shard_are_said(tmp_path):
    with pytest.raises(lamella.DataError, match="no finished table"):
        lamella.read_table(str(tmp_path))
    with pytest.raises(lamella.DataError, match=r"none\.tar"):
        next(lamella.read_shard(str(tmp_path / "none.tar")))
    (tmp_path / "part.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(lamella.DamagedTable, match=r"part\.parquet"):
        list(lamella.read_table(str(tmp_path / "part.parquet")))


def test_run_refuses_a_wrong_key_before_it_writes(tmp_path):
    with pytest.raises(lamella.ConfigError, match=r"filter\.min_wordz"):
        lamella.run("demo", "none.warc.gz", str(tmp_path / "run"), overrides={"filter.min_wordz": 1})
    assert not (tmp_path / "run").exists()


def test_modules_that_moved_are_found_where_they_were():
    from lamella.transforms.filter import language as before
    from lamella.transforms.formats import language as now

    assert (before.detect_language, before.Language) == (now.detect_language, now.Language)


def test_help_and_docstring_name_every_recipe():
    commands = get_command(app).commands
    helps = [param.help for name in ("run", "rules") for param in commands[name].params if param.name == "recipe"]
    assert len(helps) == 2
    assert [(text, name) for text in (*helps, lamella.run.__doc__) for name in RECIPES if name not in text] == []
