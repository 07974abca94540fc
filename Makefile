# `make run` serves the site, `make test` checks everything a change can break.
# Both do their own set-up. `make help` lists the rest.
export CGO_ENABLED := 0
GO      ?= go
BIN     := bin/ricochet
LDFLAGS := -s -w
ACCEPTANCE ?= ../shared/acceptance
ENV     := internal/testenv/run.sh
# What a change must pass is the same every time: property tests draw the same
# samples. `make soak` draws others, and so does a plain `go test`.
export RAPID_SEED ?= 1

.PHONY: help run build test lint race ci bench bench-search eval-search eval-sla soak lighthouse fmt clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: build ## build and serve on 127.0.0.1:8080
	$(BIN) serve

# Gin brings a MessagePack codec of 6 MB that nothing here speaks: its tag leaves it out.
build: ## build bin/ricochet
	$(GO) build -tags nomsgpack -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/ricochet

test: ## every test, in a browser and on PostgreSQL too; installs what it needs where it may
	$(ENV) $(GO) test -timeout 20m ./...

fmt: ## format the code
	gofmt -w cmd content deflect internal kb search store themes web

lint: ## vet, formatting, forbidden calls
	$(GO) vet ./...
	$(GO) vet -tags acceptance,bench ./...
	@out=$$(gofmt -l cmd content deflect internal kb search store themes web); [ -z "$$out" ] || { echo "not formatted:"; echo "$$out"; exit 1; }
	$(GO) test -count=1 ./internal/house

race: ## the race detector on the packages with goroutines (needs a C compiler)
	CGO_ENABLED=1 $(ENV) $(GO) test -race -short -timeout 15m ./internal/jobs ./kb/... ./search ./deflect ./deflect/notify ./store ./web

ci: ## what every change must pass
	$(MAKE) lint
	$(MAKE) test
	$(MAKE) race
	@if [ -d $(ACCEPTANCE)/search ]; then $(MAKE) eval-search; else echo "eval-search: $(ACCEPTANCE)/search is not here"; fi
	@if [ -d $(ACCEPTANCE)/sla ]; then $(MAKE) eval-sla; else echo "eval-sla: $(ACCEPTANCE)/sla is not here"; fi

eval-search: ## the ranking on the acceptance corpus beside three baselines (ACCEPTANCE=dir)
	RICOCHET_ACCEPTANCE=$(abspath $(ACCEPTANCE)) RICOCHET_CORPUS=$(abspath $(ACCEPTANCE))/search/corpus $(GO) test -tags acceptance -count=1 -v -timeout 10m -run 'EvalSearch|ForeignCorpus' ./search ./kb

eval-sla: build ## the acceptance vectors through the SLA engine (ACCEPTANCE=dir)
	$(BIN) sla verify $(ACCEPTANCE)/sla/vectors-dev.json

bench-search: ## search at 200, 2,000 and 20,000 articles beside Hugo (apt-get install hugo), and over HTTP
	RICOCHET_BENCH=200,2000,20000 $(GO) test -tags bench -count=1 -v -timeout 30m -run 'BenchSearch' ./search
	$(MAKE) bench RICOCHET_BENCH=large

bench: ## the marks of serving and writing beside their baselines, in one run (RICOCHET_BENCH=tickets picks one)
	@mkdir -p bin && $(GO) test -tags bench -c -o bin/bench.test ./cmd/ricochet
	@cd cmd/ricochet && RICOCHET_BENCH=$${RICOCHET_BENCH:-1} $(abspath bin/bench.test) -test.run '^TestBench$$' -test.timeout 30m

lighthouse: build ## Lighthouse on home, article, search and contact (needs npm and Chromium)
	$(ENV) internal/testenv/lighthouse.sh $(BIN)

soak: ## long runs: fuzzing, kills, simulated traffic, many samples of every property
	RAPID_SEED=0 RAPID_CHECKS=2000 $(GO) test -count=1 -timeout 2h ./deflect/... ./web/chart
	for t in $$($(GO) list -f '{{if .TestGoFiles}}{{.ImportPath}}{{end}}{{if .XTestGoFiles}} {{.ImportPath}}{{end}}' ./... | sort -u); do \
	  for f in $$($(GO) test -list '^Fuzz' $$t 2>/dev/null | grep '^Fuzz'); do echo "$$t $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s -fuzzminimizetime 10x $$t || exit 1; done; done
	RICOCHET_SOAK=1 $(ENV) $(GO) test -count=1 -timeout 5h -run 'Kill|Soak' -v ./cmd/ricochet

clean: ## remove what was built
	rm -rf bin
