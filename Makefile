# One word per job. `make` alone lists them.

SLIM := $(or $(CARGO_TARGET_DIR),target)/release/slim
CORPUS ?= /tmp/slim-corpus
export CORPUS

# The corpus apps that every test run builds and judges: about 70 MB to download, every kind of package but the heavy ones.
TEST_APPS := web api plug boto otel docs
# Those that AWS's own emulator runs too.
EMULATED := plug web
# What `make compare` and `make floor` measure: TREES="DIR..." for others, ARGS="--rounds 5 --only recipe,slim" for more.
TREES ?= $(CORPUS)/boto $(CORPUS)/data
# What the peers need from npm, and what `make compare-all` measured before.
PEERS ?= /tmp/slim-compare
COMPARE := cargo run --quiet --release --manifest-path tools/compare/Cargo.toml -- --slim $(SLIM)
COMPARE_ALL = $(COMPARE) --modules $(PEERS)/node_modules --results $(PEERS)/results --rounds 1 --patience 60
EVERY_APP := $(notdir $(wildcard tools/corpus/apps/*))

# What `make fuzz` does: seconds for each target, and which (all where none is named).
SECONDS ?= 60
TARGETS ?=

# No file that ships of the corpus' apps leads to one that a rule dropped.
CONTRADICTIONS := cargo test --test it -- --ignored corpus::

.PHONY: help
help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: ## A real pandas + boto3 + requests function: installed, slimmed, unpacked and run
	@tools/demo/run.sh

.PHONY: test
test: format lint unit judge ## Everything that must hold before a change goes in

.PHONY: format
format: ## Formatting, checked
ifeq ($(shell cargo fmt --version 2>/dev/null),)
	@echo "SKIPPED: cargo fmt is not here"
else
	cargo fmt --check
	cargo fmt --check --manifest-path tools/compare/Cargo.toml
	cargo fmt --check --manifest-path tools/fuzz/Cargo.toml
endif

.PHONY: lint
lint: ## Clippy, without any warning
ifeq ($(shell cargo clippy --version 2>/dev/null),)
	@echo "SKIPPED: cargo clippy is not here"
else
	cargo clippy --all-targets -- -D warnings
	cargo clippy --all-targets --manifest-path tools/compare/Cargo.toml -- -D warnings
	cargo clippy --all-targets --manifest-path tools/fuzz/Cargo.toml -- -D warnings
endif

.PHONY: unit
unit: ## The tests of the code, the house test among them
	@if cargo nextest --version >/dev/null 2>&1; then \
	  set -x; cargo nextest run --no-fail-fast && cargo test --doc; \
	else \
	  set -x; cargo test --no-fail-fast; \
	fi
	cargo test --quiet --manifest-path tools/compare/Cargo.toml
	cargo test --quiet --manifest-path tools/fuzz/Cargo.toml

.PHONY: faults
faults: ## What goes wrong with disks, clocks, signals and Pythons, the long tests too: 200 kills, 200,000 files, 3 GB
	cargo test --test it -- --include-ignored --nocapture --test-threads 1 faults::

.PHONY: deny
deny: ## Licences, doubled versions and sources of all that slim depends on; advisories where they can be reached
	tools/deny

.PHONY: store
store: ## A cache in a bucket: the tests of the feature s3, against moto's server
	@if cargo clippy --version >/dev/null 2>&1; then \
	  set -x; cargo clippy --all-targets --features s3 -- -D warnings; \
	else echo "SKIPPED: cargo clippy is not here"; fi
	MOTO_SERVER=$$(tools/moto) cargo test --features s3 --test it bucket::

.PHONY: page
page: release ## The HTML report of real packages, looked at in a headless Chromium
	SLIM=$(abspath $(SLIM)) tools/page/run.sh

.PHONY: installs
installs: ## Every way to install slim, tried: pip, uv, cargo, a GitHub Action, pre-commit, and a newcomer's five commands
	tools/install/run.sh

.PHONY: judge
judge: release ## Real apps slimmed at every level: do they still run?
	tools/corpus/build.sh $(TEST_APPS)
	tools/corpus/judge.py --slim $(SLIM) $(TEST_APPS)
	tools/corpus/judge.py --slim $(SLIM) $(TEST_APPS) -- --bytecode hash
	tools/corpus/judge.py --slim $(SLIM) $(TEST_APPS) -- --bytecode only
	tools/corpus/docstrings.py --slim $(SLIM) $(TEST_APPS)
	tools/corpus/prove.py --slim $(SLIM) $(TEST_APPS)
	tools/corpus/sabotage.py --slim $(SLIM) plug otel
	emulator=$$(tools/corpus/emulator.sh) && tools/corpus/prove.py --slim $(SLIM) --level max $(EMULATED) -- $$emulator
	$(CONTRADICTIONS)
	tools/corpus/libraries.py --slim $(SLIM)

.PHONY: examples
examples: release ## The projects of examples/, each with its real client: AWS CLI, SAM, CDK, Terraform, ...
	SLIM=$(SLIM) tools/examples/run.sh

.PHONY: corpus
corpus: release libraries sbom ## The same for the whole corpus (6 GB in $CORPUS)
	tools/corpus/build.sh
	tools/corpus/judge.py --slim $(SLIM)
	tools/corpus/judge.py --slim $(SLIM) --level standard,max -- --bytecode hash
	tools/corpus/judge.py --slim $(SLIM) --level standard,max -- --bytecode only
	cargo test --lib -- --ignored objdump_sees
	tools/corpus/docstrings.py --slim $(SLIM)
	tools/corpus/prove.py --slim $(SLIM)
	tools/corpus/sabotage.py --slim $(SLIM)
	emulator=$$(tools/corpus/emulator.sh) && tools/corpus/prove.py --slim $(SLIM) --level max $(EMULATED) -- $$emulator
	$(CONTRADICTIONS)

.PHONY: sbom
sbom: release ## The SBOMs of the corpus' apps: valid, and the same as scanners find? (APPS="web plug" for some)
	tools/corpus/build.sh $(APPS)
	python=$$(tools/sbom/python) && $$python tools/sbom/markers.py && $$python tools/sbom/check.py --slim $(SLIM) $(APPS)

.PHONY: libraries
libraries: release ## Single libraries slimmed: does a handler still give the same results?
	tools/corpus/libraries.py --slim $(SLIM) --all

.PHONY: compare
compare: release trees peers ## slim beside the shell recipe, strippers, the Serverless plugin and archivers
	$(COMPARE) --modules $(PEERS)/node_modules $(ARGS) $(TREES)

# One that was stopped goes on where it was; remove $PEERS/results to measure all anew.
.PHONY: compare-all
compare-all: release peers ## The same for every app of the corpus (an hour); goes into docs/comparison.md and README.md
	tools/corpus/build.sh $(EVERY_APP)
	$(COMPARE_ALL) --markdown sums $(ARGS) $(addprefix $(CORPUS)/,$(EVERY_APP)) >$(PEERS)/sums.md
	$(COMPARE_ALL) --markdown sizes $(ARGS) $(addprefix $(CORPUS)/,$(EVERY_APP)) >$(PEERS)/sizes.md 2>/dev/null
	sed -i -e '/<!-- compare -->/,/<!-- end of compare -->/{//!d}' -e '/<!-- compare -->/r $(PEERS)/sums.md' docs/comparison.md
	sed -i -e '/<!-- sizes -->/,/<!-- end of sizes -->/{//!d}' -e '/<!-- sizes -->/r $(PEERS)/sizes.md' README.md

# A peer whose tool is missing is skipped by name.
.PHONY: peers
peers:
	@mkdir -p $(PEERS)
	@test -d $(PEERS)/node_modules/serverless-python-requirements || \
	  npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(PEERS) serverless-python-requirements@6.1.2 || \
	  echo "SKIPPED: npm did not install serverless-python-requirements"

.PHONY: floor
floor: release trees ## slim's CPU, time and memory beside the least that making the same zips costs
	$(COMPARE) --floor $(ARGS) $(TREES)

# Grown trees of up to 2 GB, one at a time in $TMPDIR, which takes 3 GB at most.
.PHONY: scale
scale: release ## How time and memory grow with the package, and what a start costs; goes into docs/comparison.md
	@mkdir -p $(PEERS)
	$(COMPARE) --scale $(ARGS) >$(PEERS)/scale.md
	sed -i -e '/<!-- scale -->/,/<!-- end of scale -->/{//!d}' -e '/<!-- scale -->/r $(PEERS)/scale.md' docs/comparison.md

.PHONY: bench
bench: ## Benchmarks of the engines
	cargo bench

.PHONY: fuzz
fuzz: ## Every engine fed by libFuzzer, 60 s each: make fuzz TARGETS="elf outline" SECONDS=600; and held against CPython
	tools/fuzz/run.sh $(SECONDS) $(TARGETS)
	cargo build --quiet --example tell --manifest-path tools/fuzz/Cargo.toml
	$$(tools/python312) tools/fuzz/python.py $(or $(CARGO_TARGET_DIR),tools/fuzz/target)/debug/examples/tell

.PHONY: release
release:
	cargo build --release --bin slim

# The default trees come from the corpus; others must be there.
.PHONY: trees
trees:
	@if [ "$(TREES)" = "$(CORPUS)/boto $(CORPUS)/data" ]; then tools/corpus/build.sh boto data; fi
