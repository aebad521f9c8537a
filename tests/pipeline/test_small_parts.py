"""A part of an archive: few rows are packed with LZ4, many with zstd; both come back, and manifests count them."""

import pyarrow.parquet as pq
import pytest

from lamella.pipeline.partitions import _write_rows, documents_in
from lamella.pipeline.tables import FileInfo, TableManifest, read_file
from lamella.schemas.media import Alias, AliasKind


@pytest.mark.parametrize(("rows", "compression"), [(99, "LZ4"), (100, "ZSTD")])
def test_rows_are_packed_by_their_number(tmp_path, rows, compression):
    written = [alias(number) for number in range(rows)]
    _write_rows(str(tmp_path), "aliases", written)
    path = tmp_path / "aliases.parquet"
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == compression
    assert list(read_file(str(path), Alias)) == written


def test_documents_are_counted_by_the_manifests_of_parts(tmp_path):
    def part(**rows: int) -> TableManifest:
        files = tuple(FileInfo(name=f"{name}.parquet", rows=count, bytes=0, sha256="") for name, count in rows.items())
        return TableManifest(table="extracted", fingerprint="", files=files)

    assert documents_in([part(documents=7, bare=100, aliases=3), part(media=9), part(documents=4)]) == 11


def alias(number: int) -> Alias:
    return Alias(url=f"https://a.example/{number:03}", kind=AliasKind.REDIRECT, archive="a.warc.gz", offset=number)
