# The front door. The work is done by CMake (CMakePresets.json), tools/ and packaging/.
# `make help` lists what can be asked for.

PREFIX ?= /usr/local
SHARE = $(DESTDIR)$(PREFIX)/share
FUZZ_SECONDS ?= 60
SOAK_ROUNDS ?= 50
SOAK_SECONDS ?= 600
TESTS = tools/run_tests.sh
LABELS = -L '^(t1|t2)$$'

# Unit tests of what has threads; the others gain nothing from the thread sanitizer.
THREADED = $(patsubst tests/unit/%.c,%,$(wildcard $(addprefix tests/unit/,base*.c kernel*.c store*.c \
  engine_chat.c engine_determinism.c engine_fixtures.c engine_sample.c backend*.c quality_run*.c \
  quality_judge_exec.c serve_queue.c net_http*.c)))
empty =
alternatives = $(subst $(empty) $(empty),|,$(strip $(1)))

# Checked by their own, faster runs; under a sanitizer these take minutes and show nothing more.
SLOW = -E '^(checkasm|tiles|unit.safety_disguise_shell|cli.sh$$)'
# Another compiler's code is seen by the tests that call it. What only starts the program, bash or
# the sandbox is the same text whoever compiled it; `make test` and `make asan` run that.
CODE = -L '^t1$$' -E '^(checkasm|unit.sandbox_(escape|run))'

# Test programs, and cases that are judged, at once: half of their time they wait, for deadlines, for
# processes that start and for folders that are unmounted.
JOBS = $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))
TOGETHER = --parallel $(JOBS)

build = cmake --preset $(1) >/dev/null && cmake --build build/$(1)

all: ## the program, at build/release/cmdai
	@$(call build,release)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

deps: ## installs everything that is needed to build, test and lint
	packaging/deps.sh build test dev

test: all ## unit and integration tests; ends with "N passed, N failed, N skipped"
	@$(TESTS) build/release $(LABELS) $(TOGETHER)

# Slow, and not of this machine alone: never by default. REMOTE=required: without a server it fails.
test-remote: all ## the backends against a real Ollama and a real vLLM (packaging/remote/compose.yaml)
	@python3 -B tests/remote/run.py --program build/release/cmdai $(if $(filter required,$(REMOTE)),--required)

bench: all ## tokens per second by phase, on this machine
	build/release/cmdai bench

# Corpora of commands with their levels: the project's own, and another one where it is there.
CORPORA = $(wildcard tests/corpus/safety/*.tsv ../shared/safety/dev.tsv)

# Wants a quiet machine for half an hour, and says when it isn't one. PARTS=speed,suite measures these alone (limits, speed,
# first, suite, curves, whole, types); BENCH may hold --repeat N, --suite N, --alone, --draft --out FILE, models.
bench-report: all ## this machine's limits, our share of them, and llama.cpp beside us: docs/PERFORMANCE.md
	node bench/report.mjs build/release $(if $(PARTS),--parts $(PARTS)) $(BENCH)

bench-curves: all ## the same, of cost as work grows alone: tables and docs/performance/curves.svg
	node bench/report.mjs build/release --parts curves $(BENCH)

safety-report: all ## how the validator judges the corpora of commands
	build/release/tools/safety_report $(CORPORA)

# Cases of their own are checked first: golds pass in every world, each wrong command fails in one.
quality: all ## the embedded model against the test cases, gated; reports in build/quality
	mkdir -p build/quality
	build/release/cmdai test --check --sandbox require --jobs $(JOBS)
	build/release/cmdai test --sandbox require --jobs $(JOBS) --gate pr --floor 0.45 --out build/quality/run.jsonl \
	  --report md=build/quality/report.md,json=build/quality/report.json,junit=build/quality/junit.xml,html=build/quality/report.html

lint: all ## tools/tidy, clang-format and clang-tidy
	@tools/lint.sh build/release

format: ## lets clang-format lay out src, tools, tests and bench
	@tools/lint.sh --format

clang: ## everything built with clang, and its unit tests
	@$(call build,clang)
	@$(TESTS) build/clang $(CODE) $(TOGETHER)

asan: ## tests under the address and undefined-behaviour sanitizers
	@$(call build,asan-ubsan)
	@$(TESTS) build/asan-ubsan $(LABELS) $(SLOW) $(TOGETHER)

tsan: ## tests of the rooms with threads under the thread sanitizer
	@$(call build,tsan) --target $(addprefix unit_,$(THREADED))
	@$(TESTS) build/tsan -R '^unit\.($(call alternatives,$(THREADED)))$$' $(TOGETHER)

aarch64: ## cross-builds for ARM and checks its kernels under qemu
	@$(call build,aarch64) --target checkasm tiles
	@$(TESTS) build/aarch64 -R '^(checkasm|tiles)$$'

peers: ## fetches llama.cpp, readers of reports and clients of servers (npm), for the tests that compare with others
	npm install --prefix bench/peers --no-save --omit=optional --ignore-scripts --no-audit --no-fund
	npm install --prefix tests/reports --no-save --ignore-scripts --no-audit --no-fund
	npm install --prefix tests/clients --no-save --ignore-scripts --no-audit --no-fund

harness-peers: ## fetches promptfoo and a Node for it (npm, 0.5 GB), for bench-harness
	npm ci --prefix bench/harness --omit=optional --ignore-scripts --no-audit --no-fund

bench-harness: all ## what cmdai test costs beside the model, and promptfoo on the same cases
	node bench/harness/run.mjs build/release/cmdai

fuzz: ## every fuzz target for FUZZ_SECONDS, from the committed inputs
	@$(call build,fuzz) --target fuzzers
	@tools/fuzz.sh build/fuzz $(FUZZ_SECONDS)

sh-report: all ## the shell parser against bash and dash, over the scripts of this machine
	@tools/sh_sweep.sh build/release

soak: all ## lint to the analyzer's own depth, the tests SOAK_ROUNDS times, the server under load, every fuzz target for SOAK_SECONDS
	@CM_LINT_NODES=225000 tools/lint.sh build/release
	@$(TESTS) build/release $(LABELS) --repeat until-fail:$(SOAK_ROUNDS)
	@CM_KILL_ROUNDS=200 python3 -B tests/cli/run.py --program build/release/cmdai --only killed pull
	@CM_HOSTILE_REQUESTS=10000 python3 -B tests/cli/run.py --program build/release/cmdai --only hostile serve
	@python3 -B bench/serve.py build/release/cmdai --clients 64 --seconds $(SOAK_SECONDS)
	@$(MAKE) fuzz FUZZ_SECONDS=$(SOAK_SECONDS)

check: all test lint clang asan tsan aarch64 ## everything that CI runs

train: ## trains the embedded model again (hours)
	train/run.sh

install: all ## the program, its manual and completions, under PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(SHARE)/bash-completion/completions \
	  $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install build/release/cmdai $(DESTDIR)$(PREFIX)/bin/cmdai
	build/release/cmdai completion man >$(SHARE)/man/man1/cmdai.1
	build/release/cmdai completion bash >$(SHARE)/bash-completion/completions/cmdai
	build/release/cmdai completion zsh >$(SHARE)/zsh/site-functions/_cmdai
	build/release/cmdai completion fish >$(SHARE)/fish/vendor_completions.d/cmdai.fish

clean: ## removes all that was built
	rm -rf build

.PHONY: all help deps test test-remote bench quality safety-report lint format clang asan tsan aarch64 \
  fuzz sh-report soak check train peers harness-peers bench-harness bench-report bench-curves install clean
