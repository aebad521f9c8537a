"""What a model needs is known in seconds: heads of files are read, and a hub is asked once, here one of this test's own."""

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lamella.weights import WeightsMissing, load
from lamella.weights import reach as reaching
from lamella.weights.reach import Unreachable, reach, reach_transformers


@pytest.fixture
def no_cache(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return lambda port: monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")


@pytest.fixture
def hub(no_cache):
    """A hub that knows some paths: path -> (status, bytes)."""
    known: dict[str, tuple[int, int]] = {}

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            status, size = known.get(self.path, (404, 0))
            self.send_response(status)
            self.send_header("Content-Length", str(size))
            self.end_headers()

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    no_cache(server.server_port)
    yield known
    server.shutdown()
    server.server_close()


REPOSITORY = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
TAG = "laion2b_s34b_b79k"


def test_the_hub_says_what_would_be_downloaded_and_how_large_it_is(hub):
    hub[f"/{REPOSITORY}/resolve/main/open_clip_model.safetensors"] = (200, 605_143_316)
    assert str(reach("ViT-B-32", TAG)) == f"would be downloaded: {REPOSITORY}/open_clip_model.safetensors, 605 MB"
    hub["/owner/decoder/resolve/main/model.safetensors.index.json"] = (200, 20_000)
    assert reach_transformers("owner/decoder").where == "owner/decoder/model.safetensors.index.json"


@pytest.mark.parametrize(("status", "why"), [(401, "it asks for a login"), (403, "it asks for a login"), (404, "no such file")])
def test_a_hub_that_refuses_is_quoted(hub, status, why):
    for file in ("open_clip_model.safetensors", "open_clip_pytorch_model.bin"):
        hub[f"/{REPOSITORY}/resolve/main/{file}"] = (status, 0)
    with pytest.raises(WeightsMissing, match=rf"the hub says {status} \(.*{why}\)"):
        reach("ViT-B-32", TAG)


def test_a_hub_that_does_not_answer_is_given_up_with_the_whole_message(no_cache, monkeypatch):
    monkeypatch.setattr(reaching, "HUB_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        no_cache(silent.getsockname()[1])
        for name in (lambda: reach("ViT-B-32", TAG), lambda: load("ViT-B-32", TAG, "scorer")):
            with pytest.raises(WeightsMissing) as error:
                name()
            text = str(error.value)
            assert f"it would download {REPOSITORY}/open_clip_model.safetensors, about 605 MB" in text  # the size by its shapes
            assert "give the path of a .safetensors file" in text and "'bundled'" in text and "\n" not in text
        with pytest.raises(Unreachable, match=r"would download owner/decoder/model\.safetensors"):
            reach_transformers("owner/decoder")


def test_offline_is_offline(hub, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsMissing, match="HF_HUB_OFFLINE is set, and this machine does not have laion/"):
        reach("ViT-B-32", TAG)


def test_names_that_nobody_knows():
    with pytest.raises(WeightsMissing, match="open_clip has no model of that name"):
        reach("ViT-B-33", TAG)
    with pytest.raises(WeightsMissing, match="no tag of this model; it has openai, laion400m_e31"):
        reach("ViT-B-32", "laion3b")
    with pytest.raises(Unreachable, match=r"no folder \./nowhere"):
        reach_transformers("./nowhere")


def safetensors(head: object, data: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data


WHOLE = {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "__metadata__": {"x": "y"}}


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (safetensors(WHOLE, b"0000"), True),
        (safetensors(WHOLE, b"000"), False),  # cut
        (safetensors(WHOLE, b"00000"), False),
        (safetensors([1]), False),
        (safetensors({"a": 3}), False),
        (struct.pack("<Q", 1 << 40), False),
        (struct.pack("<Q", 20_000) + b"[" * 20_000, False),
        (b"", False),
        (b"PK\x03\x04 a pickle in a zip", False),
    ],
)
def test_the_head_of_a_file_says_whether_it_is_whole(tmp_path, data, whole):
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    if whole:
        assert reach("ViT-B-32", str(path)).where == str(path)
        assert reach("ViT-B-32", str(tmp_path)).where == str(path)
    else:
        with pytest.raises(WeightsMissing, match="is no whole safetensors file"):
            reach("ViT-B-32", str(path))


def test_files_that_are_not_there_or_may_hold_code(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"x")
    with pytest.raises(WeightsMissing, match=r"only \.safetensors files are read"):
        reach("ViT-B-32", str(tmp_path / "model.pt"))
    with pytest.raises(WeightsMissing, match="no file"):
        reach("lamella-coca", "nowhere/model.safetensors")
    assert str(reach("lamella-coca", "bundled")) == "bundled"
