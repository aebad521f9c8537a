"""The command line: each wrong word gives one line and the right exit code, and help comes without the heavy imports."""

import gzip
import re
import subprocess
import sys

import pytest

from lamella.runners import cli


@pytest.fixture
def lamella(capsys, monkeypatch):
    """Runs the command line in this process; gives (exit code, standard output, standard error)."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lamella", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(b"WARC/1.0\r\n\r\n"))
    return str(path)


def run_words(archive, output, *words):
    return ("run", "--recipe", "demo", "--input", archive, "--output", str(output), *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bogus",), "No such command 'bogus'"),
        (("run",), "Missing option '--recipe'"),
        (("run", "--recipe", "demo", "--input", "x"), "Missing option '--output'"),
        (("run", "--recipe", "nope", "--input", "x", "--output", "y"), "--recipe nope: no such recipe"),
        (("run", "--recipe", "demo", "--input", "x", "--output", "y", "--processes", "0"), "Invalid value for '--processes'"),
        (("run", "--recipe", "demo", "--input", "x", "--output", "y", "--bogus"), "No such option"),
        (("run", "--recipe", "demo", "--input", "x", "--output", "y", "fetch.htp=true"), "did you mean fetch.http?"),
        (("run", "--recipe", "demo", "--input", "x", "--output", "y", "--config", "no.yaml"), "--config no.yaml: No such file"),
        (("run", "--recipe", "demo", "--input", "no/*.warc.gz", "--output", "y"), "--input no/*.warc.gz: no file matches"),
        (("run", "--recipe", "demo", "--input", "nofs://x/*", "--output", "y"), "--input nofs://x/*: "),
        (("sample", "x", "--pages", "2", "--archives", "3"), "--archives 3: more than --pages 2"),
        (("verify", "no-such-folder"), "no-such-folder: not the folder of a run"),
        (("report", "no-such-folder"), "no-such-folder: not the folder of a run"),
        (("rules", "--run", "no-such-folder"), "no-such-folder: not the folder of a run"),
        (("why", "no-such-folder", "https://a.example/"), "no-such-folder: not the folder of a run"),
        (("inspect", "no-such-file"), "no-such-file"),
        (("extract", "no-such-file.html"), "no-such-file.html: No such file"),
        (("extract", "-", "timeout=1"), "extract.timeout: no such key; did you mean extract.timeout_s?"),
        (("sample", "out", "--pages", "0"), "Invalid value for '--pages'"),
        (("train", "contrastive", "--shards", "x", "--recipe", "y"), "Missing option '--output'"),
        (("train", "contrastive", "--shards", "no", "--recipe", "nope", "--output", "o"), "nope"),
        (("train", "contrastive", "--shards", "no", "--recipe", "tiny", "--output", "o", "steps"), "'steps': not of the form"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_a_wrong_word_is_one_line_and_code_2(lamella, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = lamella(*words)
    assert code == 2, err
    assert said in err
    assert err.count("\n") == 1 and "Traceback" not in err
    assert out == ""


@pytest.mark.parametrize(("runner", "said"), [
    ("spark", "needs --master, one of spark://HOST:PORT, yarn, k8s://ADDRESS, local[N]"),
    ("portable", "needs --job-endpoint HOST:PORT"),
    ("flink", "needs --flink_master=... after --"),
    ("dataflow", "needs --project=... after --"),
    ("ray", "no such runner; there are local, direct, spark, portable, prism, flink and dataflow"),
])  # fmt: skip
def test_a_cluster_says_what_it_needs(lamella, archive, tmp_path, runner, said):
    code, _, err = lamella(*run_words(archive, tmp_path / "out", "--runner", runner))
    assert (code, err.count("\n")) == (2, 1)
    assert f"--runner {runner}: {said}" in err


def test_version_config_and_no_words(lamella):
    code, out, _ = lamella("--version")
    assert code == 0 and re.fullmatch(r"lamella \d+\.\d+\.\d+\n", out)
    code, out, _ = lamella("config", "laion", "score.min_score=0.3")
    assert code == 0 and "min_score: 0.3 " in out and out.startswith("# recipe laion;")
    assert lamella("config", "fetch.htp=1")[0] == 2
    code, out, _ = lamella()
    assert code == 0 and "Usage: lamella" in out


def test_a_dry_run_changes_nothing(lamella, archive, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    code, out, err = lamella(*run_words(archive, tmp_path / "out", "--dry-run"))
    assert (code, err) == (0, "")
    assert "job      extract    runs: 1 of 1 archives is to be read" in out and out.endswith("dry run: nothing was changed\n")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_that_is_no_archive(lamella, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("not an archive")
    code, _, err = lamella(*run_words(str(path), tmp_path / "out"))
    assert code == 2
    assert err == f"lamella: --input {path}: not a web archive (neither gzip, zstd, WARC nor ARC)\n"


def test_weights_that_cannot_be_had_end_the_run_before_it_begins(lamella, archive, tmp_path):
    words = ("score.model.name=ViT-B-32", "score.model.weights=no-such-weights.safetensors")
    code, _, err = lamella(*run_words(archive, tmp_path / "out", *words))
    assert (code, err.count("\n")) == (2, 1)
    assert "ViT-B-32: weights 'no-such-weights.safetensors' cannot be had" in err and "bundled" in err
    assert not (tmp_path / "out").exists()


def test_two_archives_of_one_name(lamella, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.warc").write_bytes(b"WARC/1.0\r\n\r\n")
    code, _, err = lamella(*run_words(str(tmp_path / "*" / "x.warc"), tmp_path / "out"))
    assert code == 2
    assert "have one file name" in err


def test_an_output_that_cannot_be_made(lamella, archive, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = lamella(*run_words(archive, tmp_path / "file" / "out"))
    assert code == 2
    assert err == f"lamella: --output {tmp_path}/file/out: Not a directory\n"


def test_one_run_at_a_time(lamella, archive, tmp_path):
    from lamella.pipeline.folder_lock import own_folder

    with own_folder(str(tmp_path / "out")):
        code, _, err = lamella(*run_words(archive, tmp_path / "out"))
    assert code == 2
    assert "another run is at work there" in err


@pytest.mark.parametrize(
    "command", ["", "sample", "run", "config", "report", "verify", "inspect", "extract", "train contrastive"]
)
def test_help_imports_nothing_heavy(command):
    code = (
        "import sys; sys.argv = ['lamella', *sys.argv[1:]]\n"
        "from lamella.runners.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert stop.code == 0, stop.code\n"
        "heavy = {'torch', 'apache_beam', 'pyarrow', 'numpy', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *command.split(), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: lamella" in done.stdout


def test_a_name_cannot_steer_the_terminal(lamella, tmp_path):
    path = tmp_path / "odd\x1b]0;title\x07\nname.txt"
    path.write_text("no archive")
    for words in (run_words(str(path), tmp_path / "out"), ("inspect", str(path)), ("verify", str(path))):
        code, _, err = lamella(*words)
        assert (code, err.count("\n")) == (2, 1)
        assert "odd]0;title" in err and "\x1b" not in err and "\x07" not in err


def test_a_folder_of_a_user_s_stays_as_it_is(lamella, archive, tmp_path):
    (tmp_path / "out" / "documents").mkdir(parents=True)
    (tmp_path / "out" / "documents" / "a.txt").write_text("mine")
    code, _, err = lamella(*run_words(archive, tmp_path / "out"))
    assert (code, err.count("\n")) == (2, 1)
    assert "not empty, and not the folder of a run (it holds documents, and no run.json)" in err
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["documents", "a.txt"]


def test_rules_that_are_piped_are_a_line_each_and_a_terminal_breaks_no_word(lamella, monkeypatch):
    code, piped, _ = lamella("rules", "demo")
    (row,) = [
        line for line in piped.splitlines() if "language_score" in line and "min_language_score" in line and "filter/" in line
    ]
    assert code == 0
    assert re.fullmatch(
        r"  wrong_language +language_score < min_language_score = 0\.65 +FineWeb.* transforms/filter/rules\.py:\d+", row
    )
    monkeypatch.setenv("FORCE_COLOR", "1")
    _, shown, _ = lamella("rules", "demo")
    assert re.sub(r"\x1b\[\d*m", "", shown).split() == piped.split()
