# Everything sets itself up: Python 3.11 with pip is all a machine needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SHARED ?= ../shared

.PHONY: demo test explore browser-test check fix bench recall repro torture check-explain calibrate disclosure-attack docs wheel wheel-test audit clean

demo: $(READY)  ## run the audit on the synthetic sample and say where the reports are
	$(BIN)/ivig-audit run data_samples --out out

test: $(READY)  ## run all tests but those in a browser
	$(BIN)/pytest -n 2 --dist loadgroup -q --ignore tests/browser

explore: $(READY)  ## property tests on TIMES (10) as many examples, drawn at random; SEED=N repeats one, PART=file takes a part
	EXPLORE=$(or $(TIMES),10) $(BIN)/pytest -n 2 -q -m hypothesis $(or $(PART),tests/property tests/unit) \
		--hypothesis-seed=$(or $(SEED),$(shell $(BIN)/python -c "import secrets; print(secrets.randbits(31))"))

browser-test: $(READY) tests/browser/node_modules  ## every edition in Chromium, read by axe-core; screens in out/screens
	$(BIN)/pytest tests/browser -q -rs -n 0

tests/browser/node_modules: tests/browser/package-lock.json
	npm ci --prefix tests/browser
	touch $@

check: $(READY)  ## lint, types, SQL style, layering, generated pages current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict pipeline schemas
	MYPYPATH=tests:tests/property $(BIN)/mypy --strict --explicit-package-bases tests docs benchmarks
	$(BIN)/sqlfluff lint sql --processes 2 --disable-progress-bar
	$(BIN)/pytest -q tests/meta/test_layering.py
	$(BIN)/python docs/generate.py --check

fix: $(READY)  ## mend what the linters can mend, and the generated pages
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix sql --processes 2 --disable-progress-bar
	$(BIN)/python docs/generate.py

bench: $(READY)  ## the reference load, against its budget: a quarter of an hour; BENCH="--without fhir sets" leaves out
	$(BIN)/python benchmarks/bench.py $(BENCH)

recall: $(READY)  ## planted defects found, and nothing else
	$(BIN)/python tests/tools/recall.py

repro: $(READY)  ## the demo with 1 and with 2 threads: the same bytes
	$(BIN)/python tests/tools/repro.py

check-explain: $(READY)  ## 500 findings of synthetic and 500 of hard courses re-evaluated by a parser of its own
	$(BIN)/python tests/tools/check_explain.py

torture: $(READY)  ## kill, starve and damage the program in every way we know; SEED=N repeats one, PART=kills-1 takes a part
	PYTHONPATH=.:tests $(BIN)/python -m torture $(PART) $(if $(SEED),--seed $(SEED))

calibrate: $(READY)  ## false alarms and found lots of the signal rule, into docs/calibration.md; minutes
	$(BIN)/python tests/tools/calibrate.py --write

disclosure-attack: $(READY)  ## try to work out what 50 monthly committee editions hide
	$(BIN)/python tests/tools/disclosure_attack.py $(SEED)

wheel: $(READY)  ## build the wheel into dist/
	$(BIN)/python -m hatchling build -t wheel

wheel-test: $(READY)  ## install the wheel in a clean environment outside the checkout and run the demo there
	$(BIN)/python tests/tools/try_wheel.py

audit: $(READY)  ## known faults of the pinned dependencies; skipped aloud where no database answers
	$(BIN)/python tests/tools/audit_dependencies.py

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

clean:
	rm -rf out dist build
