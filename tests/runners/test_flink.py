"""A Flink cluster of another version, and a job server that cannot be had: one line each, before anything runs."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from apache_beam.utils.subprocess_server import JavaJarServer

from lamella.runners.flink import check_cluster, check_jar, check_version
from lamella.schemas.errors import ConfigError


class Flink(BaseHTTPRequestHandler):
    """What a cluster's REST address says, and a repository that has one jar."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"flink-version": "1.20.1"}).encode())

    def do_HEAD(self):
        self.send_response(200 if self.path.endswith("there.jar") else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def address(monkeypatch, tmp_path):
    monkeypatch.setattr(JavaJarServer, "JAR_CACHE", str(tmp_path))
    server = HTTPServer(("127.0.0.1", 0), Flink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_version_is_that_of_the_cluster(address):
    check_version(address, "1.20")
    check_version(f"http://{address}/", "1.20")
    with pytest.raises(ConfigError, match=r"--flink_version=2\.2: .* runs Flink 1\.20\.1; give --flink_version=1\.20 after --"):
        check_version(address, "2.2")


def test_nobody_at_the_address_is_one_line():
    with pytest.raises(ConfigError, match=r"^--flink_master=127\.0\.0\.1:9: no Flink answers there: [^\n]*$"):
        check_version("127.0.0.1:9", "2.2")


def test_a_jar_that_cannot_be_had_is_named(address, tmp_path):
    check_jar(f"http://{address}/there.jar")
    with pytest.raises(ConfigError, match=rf"job server gone\.jar is not here.* fetch http://{address}/gone\.jar elsewhere"):
        check_jar(f"http://{address}/gone.jar")
    (tmp_path / "gone.jar").write_bytes(b"of an earlier download")
    check_jar(f"http://{address}/gone.jar")
    check_jar(str(tmp_path / "gone.jar"))


def test_a_job_server_that_runs_already_is_not_asked(address):
    check_cluster([f"--flink_master={address}", "--flink_version=2.2", "--job_endpoint=elsewhere:8099"])
    check_cluster([f"--flink_master={address}", "--flink_version=1.20", f"--flink_job_server_jar=http://{address}/gone.jar"])
