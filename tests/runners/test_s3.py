"""Runs whose archives and folder lie in a real S3 server on this machine: the local run's contents, also after a kill.

`make test-s3` installs what it needs (moto's server, s3fs) and runs it; elsewhere it is skipped.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lamella.pipeline.ownership import LEASE
from lamella.sample.web import write_sample

pytest.importorskip("moto.server", reason="make test-s3 installs moto's server")
s3fs = pytest.importorskip("s3fs", reason="make test-s3 installs s3fs")

OUTPUT = "s3://out/run"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The file system of a server that has an empty bucket for runs, and one with archives."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stderr=subprocess.DEVNULL)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in where.items():
            patch.setenv(name, value)
        try:
            yield filled(s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False), tmp_path_factory.mktemp("web"))
        finally:
            server.kill()
            server.wait()


def filled(store, web: Path):
    write_sample(web, pages=6, seed=3)
    for bucket in ("crawl", "out"):
        while True:
            try:
                store.mkdir(bucket)
                break
            except OSError:  # the server begins to listen
                time.sleep(0.1)
    for path in sorted(web.glob("*.warc.gz")):
        store.put(str(path), f"crawl/{path.name}")
    return store


def words(output: str, *more: str) -> list[str]:
    run = ["run", "--recipe", "demo", "--input", "s3://crawl/*.warc.gz", "--output", output, "--no-report", "caption.on=false"]
    return [sys.executable, "-m", "lamella", *run, *more]


def contents(output: str) -> str:
    """What `verify` says of a run that is sound: the checksum of all it holds."""
    told = subprocess.run([sys.executable, "-m", "lamella", "verify", output], capture_output=True, text=True, check=True)
    return told.stdout.rpartition("contents ")[2].strip()


def test_a_run_in_a_store_is_the_local_one_and_goes_on_after_a_kill(store, tmp_path):
    subprocess.run(words(str(tmp_path / "run"), "--processes", "1"), check=True, capture_output=True)
    killed = subprocess.Popen(words(OUTPUT, "--processes", "2"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not store.exists("out/run/documents/_manifest.json"):
        assert killed.poll() is None
        time.sleep(0.1)
    assert store.exists(f"out/run/{LEASE}")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    told = subprocess.run(words(OUTPUT, "--processes", "2"), check=True, capture_output=True, text=True)
    assert "documents: unchanged" in told.stderr and "is watched" not in told.stderr
    assert contents(OUTPUT) == contents(str(tmp_path / "run"))
    names = [path.rpartition("/")[2] for path in store.find("out/run")]
    assert not [name for name in names if name == LEASE or name.endswith(".tmp")]
    again = subprocess.run(words(OUTPUT, "--processes", "2"), check=True, capture_output=True, text=True)
    assert [line.rsplit("  ", 1)[-1] for line in again.stderr.splitlines() if "unchanged" in line] == [
        f"{job}: unchanged" for job in ("documents", "media", "pairs", "shards")
    ]


@pytest.mark.parametrize(
    ("input_", "output", "says"),
    [
        ("s3://nobody/*.warc.gz", OUTPUT, "--input s3://nobody/*.warc.gz: no file matches"),
        ("s3://crawl/*.warc.gz", "s3://nobody/run", "--output s3://nobody/run: The specified bucket does not exist"),
    ],
)
def test_a_bucket_that_is_not_there_is_one_line(store, input_, output, says):
    command = [sys.executable, "-m", "lamella", "run", "--recipe", "demo", "--input", input_, "--output", output]
    told = subprocess.run(command, capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (2, f"lamella: {says}\n")
    assert not store.exists("nobody")
