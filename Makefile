# Coffer. Each target sets up what it needs on a Debian or Ubuntu machine that
# has Go, git and make.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
IMAGE   := coffer:latest

.PHONY: build run test lint image image-arm64 bench suite

build: ## the binary, at bin/coffer
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o bin/coffer ./entrypoint

run: build ## the box natively, below ./var, until Ctrl-C
	@exec scripts/run.sh

test: ## every tier; names those it had to skip
	scripts/setup.sh test
	scripts/axe.sh
	scripts/observatory.sh
	go run ./scripts/tiers

lint: ## gofmt, vet, staticcheck, shellcheck
	scripts/lint.sh

image: ## the image for this machine, as coffer:latest
	scripts/setup.sh image
	VERSION=$(VERSION) scripts/image.sh $(IMAGE)

image-arm64: ## the image for arm64, cross-built, as coffer:latest-arm64
	scripts/setup.sh image
	VERSION=$(VERSION) scripts/image.sh $(IMAGE)-arm64 arm64

bench: ## the numbers to reach, as ratios or beside a peer
	scripts/setup.sh bench
	go run ./scripts/bench

suite: ## other inits in the cases that ours is tried in; writes docs/supervision.md
	scripts/setup.sh suite
	go run ./scripts/suite -write
