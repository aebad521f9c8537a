"""Runs that share a memory: a URL is fetched once, its sites are asked again, and nothing stands that is gone or damaged."""

import multiprocessing
import shutil
import socket
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from fetch_media import picture
from fetch_server import Server

from lamella.schemas.media import MediaKind
from lamella.schemas.rejection import Reason
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.base.memory import Memory, read_part
from lamella.transforms.fetch.captured import FetchResponse
from lamella.transforms.fetch.download import BATCH_LINKS, Downloader, DownloadRequest, policy_of
from lamella.transforms.fetch.packs import forget_files
from lamella.transforms.fetch.shared import SharedAnswer, SharedAnswers, latest_first

PATHS = ("/ok/1.png", "/ok/2.png", "/hops/1", "/says/x?X-Robots-Tag=all")


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def world(server, tmp_path):
    return World(server, tmp_path)


class World:
    """Runs in folders of their own, of one memory."""

    def __init__(self, server: Server, folder: Path):
        self.server, self.folder, self.memory = server, folder, Memory(root=str(folder / "memory"))

    def root(self, run: str) -> str:
        return str(self.folder / run)

    def shared(self, run: str, config) -> SharedAnswers:
        return SharedAnswers(memory=self.memory, config=config, policy=policy_of(config), root=self.root(run))

    def told(self, config) -> list[SharedAnswer]:
        shared = self.shared("", config)
        return [answer for part in self.memory.parts(shared) for answer in read_part(part, SharedAnswer)]

    def run(self, name: str, *paths: str, forge=lambda answer: answer, **fields) -> dict:
        """Path -> what became of it."""
        config = self.server.config(retries=0, **fields)
        told = sorted(map(forge, self.told(config)), key=latest_first)
        asked = []
        for path in paths or PATHS:
            url = self.server.url(path)
            shared = tuple(answer for answer in told if answer.key == url)
            asked.append(DownloadRequest(url=url, kind=MediaKind.IMAGE, documents=1, shared=shared))
        downloader = Downloader(config, self.root(name), shared=self.shared(name, config))
        try:
            return {record.url.removeprefix(self.server.url("")): record for record in downloader.download(asked)}
        finally:
            downloader.close()

    def packs(self, run: str) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in Path(self.root(run), "media", "packs").glob("*.tar")}

    def asked_for(self, path: str) -> int:
        return self.server.tries[path]


def test_a_second_run_copies_and_its_packs_are_its_own(world):
    first, second = world.run("one"), world.run("two")
    assert first == second  # addresses, headers and dates too
    assert world.packs("one") == world.packs("two")
    assert second["/says/x?X-Robots-Tag=all"].robots_header == "all"
    counts = {
        path: world.asked_for(path) for path in ("/ok/1.png", "/hops/1", "/hops/0", "/ok/end.png", "/says/x", "/robots.txt")
    }
    assert counts == dict.fromkeys(counts, 1) | {"/robots.txt": 2}
    shutil.rmtree(world.root("one"))
    assert read_blob(second["/ok/1.png"].blob, world.root("two")) == picture(sum(b"/ok/1.png"))
    world.run("three")  # out of the second one's
    assert world.asked_for("/ok/1.png") == 1


def test_a_site_that_refuses_by_now_is_heard(world):
    world.run("one")
    world.server.robots["127.0.0.1"] = (200, b"User-agent: *\nDisallow: /ok/1\n")
    second = world.run("two")
    assert second["/ok/1.png"].reason is Reason.OPTED_OUT
    assert second["/ok/2.png"].robots_txt != "robots.txt: none (404)"
    assert (world.asked_for("/ok/1.png"), world.asked_for("/ok/2.png")) == (1, 1)


def test_every_address_that_redirects_led_through_is_asked_again(world):
    world.run("one")
    world.server.robots["127.0.0.1"] = (200, b"User-agent: *\nDisallow: /hops/0\n")
    second = world.run("two")
    assert second["/hops/1"].reason is Reason.OPTED_OUT
    assert isinstance(second["/ok/1.png"], FetchResponse)
    assert (world.asked_for("/hops/0"), world.asked_for("/ok/end.png")) == (1, 1)


def test_a_list_may_name_an_address_that_redirects_led_through(world, tmp_path):
    world.run("one")
    listed = tmp_path / "listed.txt"
    listed.write_text(world.server.url("/hops/0") + "\n")
    for run in ("one", "two"):  # from its own index, and from the memory
        assert world.run(run, opt_out_list=str(listed))["/hops/1"].reason is Reason.OPTED_OUT


def damage(world):
    for pack in Path(world.root("one"), "media", "packs").glob("*.tar"):
        data = bytearray(pack.read_bytes())
        for answer in world.told(world.server.config(retries=0)):
            data[answer.offset + answer.length // 2] ^= 1
        pack.write_bytes(data)


def cut(world):
    for pack in Path(world.root("one"), "media", "packs").glob("*.tar"):
        pack.write_bytes(pack.read_bytes()[:100])


def lose(world):
    shutil.rmtree(world.root("one"))


@pytest.mark.parametrize("harm", [damage, cut, lose])
def test_what_is_damaged_or_gone_is_fetched_again(world, harm):
    world.run("one")
    harm(world)
    second = world.run("two")
    assert read_blob(second["/ok/1.png"].blob, world.root("two")) == picture(sum(b"/ok/1.png"))
    assert world.asked_for("/ok/1.png") == 2


@pytest.mark.parametrize(
    "lie",
    [
        {"pack": "../two/secret"},
        {"pack": "run.json"},
        {"pack": "media/packs/../../secret"},
        {"run": "http://127.0.0.1:1/"},
        {"run": "nothing://x"},
        {"length": 10},
        {"offset": 0},
        {"sha256": ""},
    ],
)
def test_a_memory_that_lies_opens_no_other_file(world, lie):
    world.run("one")
    world.run("two", forge=lambda answer: replace(answer, **lie))
    assert world.packs("two") == world.packs("one")
    assert world.asked_for("/ok/1.png") == 2


@pytest.mark.parametrize("run", ["ftp://{}/x", "zip://a::http://{}/x", "reference://::http://{}/x", "http://{}/x"])
def test_a_memory_that_lies_reaches_no_address(world, run):
    world.run("one")
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        address = f"127.0.0.1:{other.getsockname()[1]}"
        world.run("two", "/ok/1.png", forge=lambda answer: replace(answer, run=run.format(address)))
        with pytest.raises(BlockingIOError):  # nobody has come
            other.accept()
    assert world.asked_for("/ok/1.png") == 2


def test_what_a_run_has_forgotten_does_not_come_back_from_it(world):
    world.run("one")
    forget_files(world.root("one"), {world.server.url("/ok/1.png"): "pdq_distance"})
    world.run("two")
    assert (world.asked_for("/ok/1.png"), world.asked_for("/ok/2.png")) == (2, 1)


def test_another_policy_asks_for_itself(world):
    world.run("one")
    world.run("two", user_agent="another/1.0")
    assert world.asked_for("/ok/1.png") == 2


def test_a_run_killed_between_memory_and_index_goes_on_from_its_own_pack(world):
    first = world.run("one")
    packs = world.packs("one")
    for index in Path(world.root("one"), "media", "packs").glob("*.jsonl"):
        index.unlink()
    assert world.run("one") == first
    assert world.packs("one") == packs and world.asked_for("/ok/1.png") == 1


def download(config, root, memory, urls):
    """In a process of its own."""
    shared = SharedAnswers(memory=memory, config=config, policy=policy_of(config), root=root)
    links = [DownloadRequest(url=url, kind=MediaKind.IMAGE, documents=1) for url in urls]
    list(Downloader(config, root, shared=shared).download(links))


def test_what_a_killed_run_had_finished_is_there_for_others(world):
    paths = [f"/ok/{number}.png" for number in range(2 * BATCH_LINKS)]
    config = world.server.config(retries=0)
    asked = config, world.root("one"), world.memory, list(map(world.server.url, paths))
    victim = multiprocessing.get_context("spawn").Process(target=download, args=asked)
    victim.start()
    while len(world.server.log) < BATCH_LINKS + 20:  # within the second batch
        assert victim.is_alive(), "it ended before it was killed"
        time.sleep(0.001)
    victim.kill()
    victim.join()
    found = world.run("two", *paths)
    assert {path: read_blob(found[path].blob, world.root("two")) for path in paths} == {
        path: picture(sum(path.encode())) for path in paths
    }
    once = [path for path in paths if world.asked_for(path) == 1]
    assert len(once) >= BATCH_LINKS and max(map(world.asked_for, paths)) <= 2
    assert len(world.told(config)) == BATCH_LINKS + len(paths)


def test_rules_of_a_body_hold_for_one_that_is_copied(world, tmp_path):
    """A list of forbidden files may have grown since."""
    first = world.run("one")
    assert isinstance(first["/ok/1.png"], FetchResponse)
    listed = tmp_path / "listed.txt"
    listed.write_text(sha256(picture(sum(b"/ok/1.png"))).hexdigest() + "\n")
    second = world.run("two", unsafe_hashes=str(listed))
    assert second["/ok/1.png"].reason is Reason.UNSAFE_IMAGE
    assert isinstance(second["/ok/2.png"], FetchResponse)
