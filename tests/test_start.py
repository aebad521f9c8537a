"""What an import of the package does to its process: OpenMP waits without spinning, before torch can be loaded."""

import os
import subprocess
import sys

import pytest

# Whoever asks for torch gets it from this finder, which notes what the environment says at that moment.
WATCH = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print(os.environ.get("OMP_WAIT_POLICY"), flush=True)
            os._exit(0)
sys.meta_path.insert(0, Watch())
"""


def at_torch(code, **environment):
    """What OMP_WAIT_POLICY is when `code` loads torch."""
    clean = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", WATCH + code], env=clean | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import lamella.weights.coca",
        "import lamella.transforms.caption.coca",
        "from lamella.weights import load; load('lamella-coca', 'bundled', role='scorer')",
        "import lamella.trainer.flamingo.train",
        "import lamella.trainer.language.pretrain_lm",
        "from lamella.__main__ import main; sys.argv[1:] = ['train', 'lm', '--shards', 'x', '--output', 'y']; main()",
        "from lamella.runners import fork_server; import torch",
    ],
)
def test_openmp_waits_passively_when_torch_is_loaded(code):
    assert at_torch(code) == "PASSIVE"


def test_what_the_user_has_set_stays():
    assert at_torch("import lamella.weights.coca", OMP_WAIT_POLICY="ACTIVE") == "ACTIVE"


def test_workers_have_it(tmp_path):
    import apache_beam as beam

    from lamella.runners.local import local_execute

    def tell(_):
        (tmp_path / "policy").write_text(os.environ["OMP_WAIT_POLICY"])

    local_execute(2)("job", lambda pipeline: pipeline | beam.Create([1]) | beam.Map(tell))
    assert (tmp_path / "policy").read_text() == os.environ["OMP_WAIT_POLICY"]
