# `make help` lists the targets.
SHELL := /bin/bash
export GOTOOLCHAIN := local

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo none)
DATE    ?= $(shell date -u +%Y-%m-%dT%H:%M:%SZ)
LDFLAGS := -s -w -X github.com/iagoloadgen/iago/cli.version=$(VERSION) -X github.com/iagoloadgen/iago/cli.commit=$(COMMIT) -X github.com/iagoloadgen/iago/cli.date=$(DATE)
TOOL    := go tool -modfile=tools/go.mod
# Packages whose tests have the machine for themselves.
ALONE := /test/faults$$|/test/outages$$|/test/kubernetes|/cluster/bus|/cluster/sim
# Packages with goroutines of their own: their short tests are run again and again by `make flakes`.
CONCURRENT := ./internal/... ./engine/... ./job/... ./source/... ./processor/... ./transport/... ./target/... ./report/... ./discovery/... ./cluster/... ./test/netns/... ./test/cluster/...

.PHONY: help build demo demo-cluster test test-short deps kube lint unit race fuzz flakes cross faults bench benchcmp peers vuln generate clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

build: ## build bin/iago, static
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/iago ./cmd/iago

demo: build ## start the built-in target, replay a real access log against it, leave an HTML report
	@scripts/demo.sh

demo-cluster: build ## the same from three worker processes, one of which is killed on the way
	@scripts/demo-cluster.sh

test: deps build lint cross unit race kube faults ## install what tests need, run every test
	@echo "all tests passed"

test-short: deps build lint ## the same without what takes minutes: Kubernetes, long faults, the race detector
	go test -short ./...

deps: ## install the servers and the browser that tests need (Debian; as root)
	@scripts/deps.sh

kube: ## build Kubernetes for the tests of launchers into .cache, if it is not there (6 to 15 minutes)
	@scripts/kube.sh

lint: ## vet, golangci-lint, gofumpt
	go vet ./...
	$(TOOL) golangci-lint run ./...

unit: ## every test, with figures (allocations, laws), fuzz seeds, real servers, README commands
	go test -timeout 30m ./test $$(go list ./... | grep -vE '$(ALONE)|/iago/test$$')

faults: ## tests that break things for real, one package at a time: leases are about time
	@scripts/faults.sh $$(go list ./... | grep -E '$(ALONE)')

race: ## every short test under the race detector
	CGO_ENABLED=1 go test -race -short -timeout 30m $$(go list ./... | grep -vE '$(ALONE)')

cross: ## the portable path builds on other systems
	GOOS=darwin GOARCH=arm64 go build ./...
	GOOS=windows go build ./...

fuzz: ## every fuzz target for FUZZTIME (default 20s) each
	@scripts/fuzz.sh

flakes: ## the short tests of packages with concurrency, twenty times under the race detector
	CGO_ENABLED=1 go test -race -short -count=20 -timeout 60m $(CONCURRENT)

bench: ## Go benchmarks of the hot paths
	go test -run '^$$' -bench . -benchmem ./...

benchcmp: ## hot paths against BASE (default main): ten interleaved rounds through benchstat
	@scripts/benchcmp.sh $(or $(BASE),main)

peers: build ## compare with wrk, redis-benchmark and memcaslap on this machine (prints ratios)
	@bench/wrk.sh
	@bench/redis.sh
	@bench/memcached.sh

vuln: ## known vulnerabilities of the dependencies (needs the database, so a network)
	$(TOOL) govulncheck ./...

generate: ## regenerate what is generated
	go generate ./...

clean: ## remove what make has made
	rm -rf bin runs
