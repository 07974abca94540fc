# `make run` serves the site, `make test` checks everything a change can break.
# Both do their own set-up. `make help` lists the rest.
export CGO_ENABLED := 0
GO      ?= go
BIN     := bin/ricochet
LDFLAGS := -s -w
ACCEPTANCE ?= ../shared/acceptance
ENV     := internal/testenv/run.sh

.PHONY: help run build test lint race ci bench bench-search eval-search soak lighthouse fmt clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: build ## build and serve on 127.0.0.1:8080
	$(BIN) serve

build: ## build bin/ricochet
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/ricochet

test: ## every test, in a browser and on PostgreSQL too; installs what it needs where it may
	$(ENV) $(GO) test -timeout 10m ./...

fmt: ## format the code
	gofmt -w cmd content deflect internal kb search store themes web

lint: ## vet, formatting, forbidden calls
	$(GO) vet ./...
	@out=$$(gofmt -l cmd content deflect internal kb search store themes web); [ -z "$$out" ] || { echo "not formatted:"; echo "$$out"; exit 1; }
	$(GO) test -count=1 ./internal/house

clean: ## remove what was built
	rm -rf bin
