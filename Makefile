# The commands of the course. Each does the set-up that it needs; the second time it starts at once.
# Windows: docs/setup.md has the same as plain commands.

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -q
UNIT := -n 2 --dist loadgroup --ignore tests/browser tests
NBVAL := $(PYTEST) --nbval -n 2 --dist loadscope
NB ?= notebooks
# the deeper notebook whose numbers any claim may change; the others run in test-all
ALL_CLAIMS := notebooks/deeper/00_verdicts.ipynb

.NOTPARALLEL:

.PHONY: help lab check test test-all test-code test-notebooks test-browser test-versions versions lint notebooks tables report \
        wheel claims bench handin site class rehearse chinese student teacher questions ready ready-test movielens clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

lab: ready ## open the course in JupyterLab (PINNED=1: set up with the versions in versions.txt)
	@$(BIN)/python -m tools.lab

check: lint ## for every save, two minutes: lint and the cheap tests (CH=06: and that chapter's notebook)
	@echo "Cheap tests."
	@$(PYTEST) -m "not slow and not long" $(UNIT)
	@$(if $(CH),$(NBVAL) notebooks/$(CH)_*.ipynb)

test: lint test-code test-notebooks test-browser ## check the course: code, notebooks, browser (6 minutes on two cores)
	@$(BIN)/python -m tests.browser.chromium

test-all: ready-test movielens ## all other tests, then versions (50 minutes on two cores; everything: make test test-all)
	@echo "Long tests: training, cells twice, sections alone, kept tables, more of JupyterLab and pages."
	@$(PYTEST) -m long -n 2 --dist loadgroup tests
	@$(MAKE) --no-print-directory versions

lint: ready-test ## ruff over code and notebooks, lint and format
	@echo "Lint."
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check

test-code: ready-test movielens ## unit tests alone
	@echo "Unit tests."
	@$(PYTEST) -m "not long" $(UNIT)

test-notebooks: ready-test movielens ## run the notebooks and compare every output (NB=notebooks/04_shared_bottom.ipynb for one)
	@echo "Notebooks: each runs once, outputs are compared."
	@$(NBVAL) $(if $(filter notebooks,$(NB)),notebooks/*.ipynb $(ALL_CLAIMS),$(NB))

test-browser: ready-test movielens ## one walk through each chapter in JupyterLab and its page, in Chromium
	@echo "Browser."
	@$(PYTEST) -m "not long" -n 2 --dist loadgroup tests/browser

test-versions: ready-test movielens ## unit tests with the lowest and the newest packages allowed (13 GB of disk)
	@failed=0; for versions in lowest-direct highest; do \
		echo "Unit tests, versions: $$versions."; \
		$(BIN)/uv --no-config venv --quiet --clear --seed --python $(BIN)/python .versions/$$versions && \
		$(BIN)/uv --no-config pip install --quiet --python .versions/$$versions --resolution $$versions -e ".[test]" && \
		.versions/$$versions/bin/python -m pytest -q -m "not long" $(UNIT) || failed=1; \
	done; exit $$failed

versions: ready-test ## write what is installed to versions.txt, for PINNED=1 (test-all does it when all is green)
	@$(BIN)/python -m pip list --format=freeze --exclude-editable --exclude pip > versions.txt.new
	@sed 's/+.*//' versions.txt.new > versions.txt && rm versions.txt.new

notebooks: ready-test movielens ## run the notebooks and write them in canonical form, their minutes in README and 00 (NB=... for one)
	@$(BIN)/python -m tools.notebooks $(NB)

tables: ready-test movielens ## train those tables of data/tables/ that are not of today's settings, on all cores (ALL=1: every table)
	@$(BIN)/python -m helpers.lab.train_tables $(if $(ALL),--all)

claims: ready-test movielens ## derive every claim again with other seeds (SEEDS=START:STOP for seeds of your choice; AGAIN=1 for the block of most claims, one experiment a table), on all cores
	@$(BIN)/python -m helpers.lab.measure_claims $(if $(SEEDS),--seeds $(SEEDS)) $(if $(AGAIN),--again)

report: ready ## from a log to its report, ranker and service, in two calls (LOG=log.csv; the first drafts what its columns are; ENCODING=gbk if it is not UTF-8; later NEXT=next.csv: keep the ranker, or retrain?)
	@$(BIN)/python -m helpers.capstone $(if $(LOG),"$(LOG)",--help) $(if $(ENCODING),--encoding $(ENCODING)) $(if $(NEXT),--next "$(NEXT)")

wheel: ready-test ## write what `make report` runs, without notebooks, as a wheel for other environments: _wheel/mtlcheck-….whl
	@rm -rf packages/mtlcheck/build
	@$(BIN)/python -m pip wheel --quiet --no-index --no-deps --no-build-isolation packages/mtlcheck -w _wheel && ls _wheel/*

bench: ready-test movielens ## speed, memory, latency, and the same against other libraries
	@$(BIN)/python -m benchmarks

handin: ready ## mark the exercises of a notebook, or of all in a folder (NB=...; without bubblewrap TRUST=1)
	@$(BIN)/python -m classroom.handin $(NB) $(if $(TRUST),--trust) $(if $(OUT),--out $(OUT))

site: ready-test ## write the chapters as pages that need no network and no kernel to _site/ (URL=... where they will be; STUDENT=1 without solutions)
	@$(BIN)/python -m tools.site --out _site $(if $(URL),--url $(URL)) $(if $(STUDENT),--student)

class: ready-test ## serve the pages to a class and gather its votes (HOST=0.0.0.0: in the network, else on this machine alone; PORT=9000; CLASS=... is its name, else the date; NAT=1 if a router gives all phones one address)
	@$(BIN)/python -m classroom $(if $(filter command,$(origin HOST)),--host $(HOST)) $(if $(filter command,$(origin PORT)),--port $(PORT)) \
		$(if $(CLASS),--name $(CLASS)) $(if $(NAT),--behind-nat)

rehearse: ready-test movielens ## play tomorrow's class on this machine, hub, homework, votes, and print what held and what was lost (SHORT=1: few of each; PARTS="votes disk" for some; all is tried as root on Linux)
	@$(BIN)/python -m classroom.rehearse $(if $(SHORT),--short) $(PARTS)

chinese: ready-test ## write README.zh.md, source.zh.md and glossary.zh.md from the English and the catalogues in docs/zh/
	@$(BIN)/python -m tools.chinese

student: ready-test ## write the course without worked solutions, to hand out to a class, to _student/
	@$(BIN)/python -m classroom.editions student

teacher: ready-test ## write it with them open, and with notes, common mistakes and questions, to _teacher/
	@$(BIN)/python -m classroom.editions teacher

questions: ready-test ## write the question bank to _questions/: GIFT to import into Moodle, sheets to print, the key apart
	@$(BIN)/python -m classroom.questions

clean: ## remove what these commands made, except .venv and data/
	@rm -rf _wheel packages/mtlcheck/build _site _class _student _teacher _questions .pytest_cache .ruff_cache .hypothesis build
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# --- set-up ---------------------------------------------------------------------------------------------------------

SETUP := command -v python3 > /dev/null || \
         { echo "Set-up stopped: the course needs Python 3.11 or later (no python3 found)."; exit 1; }; \
         exec python3 tools/setup.py

# what the course runs on; where it is there this takes no time
ready:
	@$(SETUP)

# and what all other commands need
ready-test:
	@$(SETUP) test

# offline it says so and goes on: the cells and tests that need MovieLens-100K are then skipped by name; in CI it must be
movielens: ready-test
	@$(BIN)/python -m helpers.support.downloads ml-100k || $(BIN)/python -m helpers.data.movielens || [ -z "$(CI)" ]
