"""A run whose media job found unsafe pictures -> packs that no longer hold them."""

from dataclasses import replace

from lamella.pipeline.context import RunContext
from lamella.pipeline.jobs import forget_unsafe
from lamella.pipeline.recipes import demo
from lamella.pipeline.tables import TableManifest, write_file, write_manifest
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.fetch.packs import Answer, list_indexes, read_index, write_index, write_pack

URLS = [f"https://a.example/{number}.png" for number in range(3)]


def test_what_was_found_unsafe_is_taken_out_of_its_pack(tmp_path):
    root, said = str(tmp_path / "run"), []
    files = [(str(number), tmp_path / str(number)) for number in range(3)]
    for number, (_, file) in enumerate(files):
        file.write_bytes(bytes([65 + number]) * 2000)
    places = write_pack(root, "media/packs/p.tar", files)
    answers = [
        Answer(url=url, policy="p", pack="media/packs/p.tar", offset=offset, length=length)
        for url, (offset, length) in zip(URLS, places, strict=True)
    ]
    write_index(root, "p", answers)
    gone = Rejection(
        stage=Stage.FETCH, unit=Unit.MEDIA, key="k", reason=Reason.UNSAFE_IMAGE, url=URLS[1], measure="pdq_distance"
    )
    small = replace(gone, key="l", reason=Reason.IMAGE_TOO_SMALL, url=URLS[2], measure="")
    folder = f"{root}/rejections/media"
    info = write_file(folder, "part-00000.parquet", Rejection, [gone, small])
    write_manifest(folder, TableManifest(table="rejections/media", files=(info,), fingerprint="f"))
    context = RunContext(config=demo(), archives=(), folder=root, execute=lambda label, build: None, say=said.append)

    forget_unsafe(context)
    forget_unsafe(context)
    assert said == ["media: 1 file that was found unsafe is taken out of its pack"]
    data = (tmp_path / "run/media/packs/p.tar").read_bytes()
    assert (data.count(b"A" * 2000), data.count(b"B"), data.count(b"C" * 2000)) == (1, 0, 1)
    found = {answer.url: answer for path in list_indexes(root) for answer in read_index(path)}
    assert [found[url].reason for url in URLS] == ["", "unsafe_image", ""]
    assert found[URLS[1]].detail == "pdq_distance"
