"""A Report -> the dataset card: the README.md of a run's folder, in the form that the Hugging Face hub reads.

The front matter names every set of shards as a configuration, so that `load_dataset(folder, "align")` finds its files.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lamella.pipeline.declared import SHARDS_FOLDER
from lamella.pipeline.graph import STAGES
from lamella.reporting.plots import number
from lamella.reporting.settings import settings_of
from lamella.schemas.config import Config
from lamella.schemas.datasets import DATASETS, PARQUET, Dataset
from lamella.schemas.printable import byte_size
from lamella.schemas.rejection import Reason
from lamella.schemas.shards import MANIFEST
from lamella.transforms.base.files import exists, join

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))
_LARGER = ((100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"), (10_000_000_000, "1B<n<10B"))
_MARKS = re.compile(r"([\\`*_\[\]<>#])")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def card_of(run: str, report: dict[str, Any]) -> bytes:
    """The card of a run's folder, as the file that is to be written there."""
    return card(report, parquet=exists(join(run, SHARDS_FOLDER, Dataset.M3W + PARQUET, MANIFEST))).encode()


def card(report: dict[str, Any], *, parquet: bool = False) -> str:
    """The card. `parquet`: whether the documents are also there as Parquet, with the columns of OBELICS."""
    shards = [one for one in report["shards"] if one["samples"]]
    parts = [_front_matter(report, shards), _head(report, shards), _loading(shards, parquet), _filters(report)]
    return "\n".join([*parts, _reasons(report), _accounts(report), _rights(report)])


def _front_matter(report: dict[str, Any], shards: list[dict[str, Any]]) -> str:
    samples = sum(one["samples"] for one in shards)
    languages = [code for code in report["distributions"]["languages"]["kept"] if _LANGUAGE.fullmatch(code)]
    lines = [f"pretty_name: {json.dumps('Lamella ' + report['run']['recipe'])}", "license: other"]
    lines += ["language:", *(f"- {code}" for code in sorted(languages))] if languages else []
    lines += ["task_categories:", "- image-to-text", "- image-text-to-text"]
    lines += ["tags:", *(f"- {tag}" for tag in ("interleaved", "flamingo", "webdataset", "lamella"))]
    lines += ["size_categories:", f"- {next((name for most, name in (*_SIZES, *_LARGER) if samples < most), 'n>1T')}"]
    lines += ["configs:", *_configs(shards)] if shards else []
    return "\n".join(["---", *lines, "---", ""])


def _configs(shards: list[dict[str, Any]]) -> Iterator[str]:
    for one in shards:
        dataset = one["dataset"]
        yield f"- config_name: {dataset}"
        yield "  data_files:"
        for split in one["by_split"]:
            yield f"  - split: {split}"
            yield f"    path: shards/{dataset}/{dataset}-{split}-*.tar"


def _head(report: dict[str, Any], shards: list[dict[str, Any]]) -> str:
    head, funnel = report["headline"], report["funnel"]
    steps = "; ".join(
        ", ".join(f"{number(step['count'])} {step['label']}" for step in funnel[name]) for name in funnel if funnel[name]
    )
    rows = [
        (
            one["dataset"],
            number(one["samples"]),
            number(one["shards"]),
            byte_size(one["bytes"]),
            DATASETS[Dataset(one["dataset"])].says,
        )
        for one in shards
    ]
    name = _plain(report["run"]["recipe"])
    maker = (
        f"[Lamella](https://github.com/lamella-data/lamella) {_plain(report['run']['versions'].get('lamella', ''))}".rstrip()
    )
    archives = f"{number(head['archives'])} web {'archive' if head['archives'] == 1 else 'archives'}"
    warning = f"> **Warning.** {_plain(report['bundled']['says'])}\n\n" if report["bundled"] else ""
    return f"""# {name}

{warning}Training data for Flamingo-style models, made by {maker} from {archives} with the recipe `{name}`
(settings `{report["run"]["hash"][:12]}`). The same archives and the same settings give the same bytes. `report.html` shows
samples and distributions, and why everything else left.

{_table(("set", "samples", "shards", "size", "a sample is"), rows)}

On the way: {steps}.
"""


def _loading(shards: list[dict[str, Any]], parquet: bool) -> str:
    names = [one["dataset"] for one in shards]
    if not names:
        return ""
    first = next((name for name in names if name != "m3w"), names[0])
    out = f"""## Loading

Shards are plain tars; the files that share a basename are one sample.

```python
from datasets import load_dataset

rows = load_dataset("path/to/this/folder", "{first}", split="train", streaming=True)
```

```python
import glob
import webdataset as wds

rows = wds.WebDataset(sorted(glob.glob("shards/{first}/{first}-train-*.tar")), shardshuffle=False).decode("pil")
```
"""
    if "m3w" in names:
        out += """
A document's images follow one another in one member; its json gives the range of each:

```python
import glob, io
import webdataset as wds
from PIL import Image

for sample in wds.WebDataset(sorted(glob.glob("shards/m3w/m3w-train-*.tar")), shardshuffle=False).decode():
    document, data = sample["json"], sample["jpg"]
    images = [Image.open(io.BytesIO(data[i["offset"] : i["offset"] + i["length"]])) for i in document["images"]]
```
"""
    # A folder on the hub has one builder for all its configurations, and ours is that of tars.
    if "m3w" in names and parquet:
        out += """
The documents are also here as Parquet with the columns of OBELICS, with the addresses of their images:

```python
from datasets import load_dataset

documents = load_dataset("parquet", data_files="shards/m3w-parquet/train-*.parquet", split="train", streaming=True)
```
"""
    return out


def _filters(report: dict[str, Any]) -> str:
    settings = settings_of(Config.model_validate(report["config"]))
    rows = [
        (stage, f"`{setting.name}`", _plain(setting.value))
        for stage in (node.config for node in STAGES.values() if node.judges)
        for setting in settings[stage]
        if setting.value not in ("off", "no")
    ]
    table = _table(("stage", "setting", "value"), rows)
    return f"## Filters\n\nWhat the data had to meet. Settings that are off are left out.\n\n{table}\n"


def _reasons(report: dict[str, Any]) -> str:
    rows = [
        (
            row["stage"],
            row["unit"],
            f"`{row['reason']}`",
            number(row["count"]),
            "" if row["share"] is None else f"{row['share']:.1%}",
        )
        for row in report["reasons"]
    ]
    return f"## What left, and why\n\n{_table(('stage', 'unit', 'reason', 'count', 'share'), rows)}\n"


def _accounts(report: dict[str, Any]) -> str:
    if report["unfinished"]:
        says = f"**This run is not finished** ({', '.join(report['unfinished'])} not done): do not use it as it is."
    elif report["conservation"]["balanced"]:
        says = "Every number adds up: in each stage, what came in or was made is what was kept or rejected."
    else:
        says = "**The sums of this run do not add up.** See `report.html` before you use it."
    truth = "".join(f"- {_plain(line)}\n" for line in (report["truth"] or {}).get("says", ()))
    return f"## Accounts\n\n{says}\n" + (f"\nCompared with the ledger of the archives:\n\n{truth}" if truth else "")


def _rights(report: dict[str, Any]) -> str:
    config = Config.model_validate(report["config"])
    return f"""## Rights

Texts and pictures belong to those who made them; this collection grants no licence to them. Each sample names the page and the
file that it came from and, if the page states one, its licence, so that it can be filtered or removed.

{_opted_out(report, config)} {_judged_unsafe(config)}
"""


def _opted_out(report: dict[str, Any], config: Config) -> str:
    if not config.fetch.honour_opt_outs:
        rules = ", except the crawling rules of robots.txt" if config.fetch.robots_txt else ""
        return f"Opt-outs were not honoured{rules}."
    count = sum(row["count"] for row in report["reasons"] if row["reason"] == Reason.OPTED_OUT)
    return (
        "Opt-outs were honoured as the settings above say: in robots.txt and other files of a site, in headers, in meta tags "
        f"and in a picture's own metadata. {number(count)} {'file' if count == 1 else 'files'} left for that reason."
    )


def _judged_unsafe(config: Config) -> str:
    fetch, models = config.fetch, [*config.fetch.classifiers, *config.score.heads]
    judges = {
        "words in their addresses": fetch.unsafe_url_words,
        "lists of hashes": fetch.unsafe_hashes or fetch.unsafe_pdq,
        f"{len(models)} {'model' if len(models) == 1 else 'models'}": models,
    }
    used = [judge for judge, on in judges.items() if on]
    told = f"judged by {', '.join(used)}" if used else "not judged"
    return f"For safety, pictures were {told}{'' if models else '; no model looked for unsafe content'}."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text that Markdown reads as text, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
