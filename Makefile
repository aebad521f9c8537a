# Two commands do everything on a fresh machine with Python 3.11, 3.12 or 3.13, make and a C compiler:
#   make demo    a small web -> documents, pairs, shards, verified, with a report -> a small Flamingo, trained and examined
#   make test    the whole suite
# The first Python on PATH that will do, the version that all figures were measured with first; PYTHON=... names another.
VERSIONS := 3.11 3.12 3.13
IS_ONE := import sys; raise SystemExit("%d.%d" % sys.version_info[:2] not in "$(VERSIONS)".split())
PYTHON ?= $(shell for name in $(addprefix python,$(VERSIONS)) python3 python; do \
    "$$name" -c '$(IS_ONE)' 2>/dev/null && { echo "$$name"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
PAGES ?= 150
SEED ?= 0
PROCESSES ?= 2

.PHONY: demo test fuzz lint weights flamingo clean

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "lamella: no Python $(VERSIONS) on PATH; install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "lamella: $$($(PYTHON) --version 2>&1) at $$(command -v $(PYTHON))"

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory -s python PYTHON="$(PYTHON)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $@

demo: $(VENV)/.installed
	$(BIN)/lamella sample $(DEMO)/web --pages $(PAGES) --seed $(SEED) --exam 40
	$(BIN)/lamella run --recipe demo --input '$(DEMO)/web/*.warc.gz' --output $(DEMO)/run --processes $(PROCESSES)
	$(BIN)/lamella verify $(DEMO)/run
	$(BIN)/lamella train lm --shards $(DEMO)/run/shards --output $(DEMO)/lm
	$(BIN)/lamella train flamingo --shards $(DEMO)/run/shards --recipe demo --output $(DEMO)/flamingo language=$(DEMO)/lm
	$(BIN)/lamella evaluate --checkpoint $(DEMO)/flamingo --shards $(DEMO)/run/shards --questions $(DEMO)/web/exam/questions.jsonl \
	    --tasks caption,colour,shape,count --shots 0,4 --quick --processes $(PROCESSES)

# Two processes used 507 CPU seconds of the 622 that two cores had: some tests wait for timers, servers and children. A third is to
# use the rest; it costs some 12 CPU seconds to import and to collect.
TESTERS ?= 3
# Tests start some hundred processes. Where the environment forbids Python to keep what it has compiled, each would compile the
# whole package again: not here.
test: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(TESTERS) --dist loadfile

# The sample web on a standalone Spark cluster of two workers on this machine, on Prism where there is Go to build it, and here: the
# same bytes, also where a worker of Spark is killed with -9 in each job. A smaller one:
# `make test-engines ENGINE_PAGES=4 KILL=media ENGINE_WORDS="KEY=VALUE ..."`.
ENGINE_PAGES ?= 60
KILL ?= extract,documents,media,pairs,shards
# A small run contracts no graph of copies by itself.
ENGINE_WORDS ?= run.contraction_rounds=2
.PHONY: test-engines
test-engines: $(VENV)/.installed
	@$(BIN)/python -c 'import pyspark' 2>/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[spark]"
	@test -x $(ENGINES)/prism || ! command -v go >/dev/null || $(MAKE) --no-print-directory engines || echo "lamella: Prism was not built" >&2
	$(BIN)/python -m tests.engines.compare --pages $(ENGINE_PAGES) --kill '$(KILL)' $(ENGINE_WORDS)

# A run whose archives and folder lie in a real S3 server on this machine.
.PHONY: test-s3
test-s3: $(VENV)/.installed
	@$(BIN)/python -c 'import moto.server, s3fs' 2>/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test-s3]"
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 0 tests/runners/test_s3.py

# Prism, Beam's runner in one binary, for `--runner prism`: built with Go, where it stands.
ENGINES := $(CURDIR)/build/engines
.PHONY: engines
engines:
	@command -v go >/dev/null || { echo "lamella: no go on PATH; install Go 1.25 or later" >&2; exit 1; }
	GOBIN=$(ENGINES) go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0

# Thousands of bad inputs and hundreds of kills, tried on the product: the long tier of `make test`'s tests/faults. About an hour
# and a half on two cores; the figures of the last run stand in docs/reliability.md.
FUZZ_INPUTS ?= 25000
KILLS ?= 200
fuzz: $(VENV)/.installed
	$(BIN)/python -m tests.faults.fuzz --inputs $(FUZZ_INPUTS) --kills $(KILLS) --seed $(SEED) --processes $(PROCESSES) --output fuzz.json

# The bundled models, made again: about an hour on two cores. Nothing else in the project needs it. The shapes come first,
# then all that a picture shows, then pictures with texts; captioner and matcher learn from scenes where things stand, and the
# matcher at last from larger pictures and from what the captioner says that is not so.
MODELS ?= models
TRAIN := $(BIN)/lamella train contrastive --shards $(MODELS)/run/shards
TRAIN_ON_SCENES := $(BIN)/lamella train contrastive --shards $(MODELS)/scenes
TRAIN_ON_HARDER := $(BIN)/lamella train contrastive --shards $(MODELS)/harder
weights: $(VENV)/.installed
	$(BIN)/lamella sample $(MODELS)/web --pages 3000 --seed 7
	$(BIN)/lamella run --recipe demo --input '$(MODELS)/web/*.warc.gz' --output $(MODELS)/run --processes $(PROCESSES) --no-report \
	    score.min_score=null score.documents=false caption.on=false pair.max_alts_per_image=1000 fetch.max_documents=null
	$(TRAIN) --recipe demo-shapes --output $(MODELS)/shapes
	$(TRAIN) --recipe demo-eyes --output $(MODELS)/eyes init_from=$(MODELS)/shapes
	$(TRAIN) --recipe demo-scorer --output $(MODELS)/scorer init_from=$(MODELS)/eyes
	$(BIN)/python -m lamella.runners.scene_pairs $(MODELS)/scenes --pairs 70000 --seed 7
	$(TRAIN_ON_SCENES) --recipe demo-places --output $(MODELS)/places init_from=$(MODELS)/scorer
	$(TRAIN_ON_SCENES) --recipe demo-captioner --output $(MODELS)/captioner init_from=$(MODELS)/places
	$(TRAIN_ON_SCENES) --recipe demo-itm --output $(MODELS)/itm init_from=$(MODELS)/captioner
	$(TRAIN_ON_SCENES) --recipe demo-matcher --output $(MODELS)/near init_from=$(MODELS)/itm
	$(TRAIN_ON_SCENES) --recipe demo-large --output $(MODELS)/large init_from=$(MODELS)/near
	$(BIN)/python -m lamella.runners.hard_pairs $(MODELS)/hard --of 5000 --seed 8 --captioner $(MODELS)/captioner
	$(BIN)/lamella train contrastive --shards $(MODELS)/hard --recipe demo-hard --output $(MODELS)/judge init_from=$(MODELS)/large
	$(BIN)/python -m lamella.runners.hard_pairs $(MODELS)/harder --of 10428 --seed 9 --captioner $(MODELS)/captioner
	$(TRAIN_ON_HARDER) --recipe demo-harder --output $(MODELS)/stricter init_from=$(MODELS)/judge
	$(TRAIN_ON_HARDER) --recipe demo-grounds --output $(MODELS)/grounds init_from=$(MODELS)/stricter
	$(BIN)/python -m lamella.runners.hard_pairs $(MODELS)/crowds --of 8000 --seed 10 --captioner $(MODELS)/captioner
	$(BIN)/lamella train contrastive --shards $(MODELS)/crowds --recipe demo-crowds --output $(MODELS)/matcher init_from=$(MODELS)/grounds
	$(BIN)/python -m lamella.weights.bundle $(MODELS)

# CapFilt's rounds on the sample: captioner and matcher learn from what was kept, and caption and filter again.
BOOTSTRAP ?= bootstrap
ROUNDS ?= 2
.PHONY: bootstrap
bootstrap: $(VENV)/.installed
	$(BIN)/lamella sample $(BOOTSTRAP)/web --pages $(PAGES) --seed $(SEED)
	$(BIN)/lamella run --recipe demo --input '$(BOOTSTRAP)/web/*.warc.gz' --output $(BOOTSTRAP)/run --processes $(PROCESSES)
	$(BIN)/lamella bootstrap --run $(BOOTSTRAP)/run --output $(BOOTSTRAP)/rounds --rounds $(ROUNDS) --processes $(PROCESSES)

# A Flamingo that has seen more of the same world, whose answers in context are in the README: about an hour on two cores.
FLAMINGO ?= flamingo
TRAINING ?= 0
flamingo: $(VENV)/.installed
	$(BIN)/lamella sample $(FLAMINGO)/web --pages 3000 --seed 1 --exam 200
	$(BIN)/lamella run --recipe demo --input '$(FLAMINGO)/web/*.warc.gz' --output $(FLAMINGO)/run --processes $(PROCESSES) --no-report \
	    caption.on=false pair.max_alts_per_image=1000 fetch.max_documents=null
	$(BIN)/lamella train lm --shards $(FLAMINGO)/run/shards --recipe sample-lm --output $(FLAMINGO)/lm
	$(BIN)/lamella train flamingo --shards $(FLAMINGO)/run/shards --recipe sample --output $(FLAMINGO)/model-$(TRAINING) \
	    language=$(FLAMINGO)/lm seed=$(TRAINING)
	$(BIN)/lamella evaluate --checkpoint $(FLAMINGO)/model-$(TRAINING) --shards $(FLAMINGO)/run/shards \
	    --questions $(FLAMINGO)/web/exam/questions.jsonl

lint: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@$(MAKE) --no-print-directory types

# What is known of types must fit: a minute and a half, so that `make test` leaves it to `make lint` and to CI. pyright does not know
# setuptools' package-dir, so that it is shown the tree as the wheel lays it out. pyproject.toml says which room is not whole yet.
TYPES := build/types
.PHONY: types
types: $(VENV)/.installed
	@$(BIN)/python -c 'import basedpyright' 2>/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[lint]"
	rm -rf $(TYPES) && mkdir -p $(TYPES)/lamella
	cp -R lamella/. schemas transforms pipeline reporting runners trainer sample weights $(TYPES)/lamella/
	$(BIN)/basedpyright --pythonpath $(BIN)/python

clean:
	rm -rf $(DEMO) build *.egg-info
