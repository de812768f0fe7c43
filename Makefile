# Sealroot. `make help` lists the targets; a fresh Debian 12 machine needs `make demo` and `make test`.

TOOLCHAIN := $(shell dirname "$$(dirname "$$(readlink -f "$$(command -v swift)")")")
EMBEDDED := $(TOOLCHAIN)/lib/swift/embedded/x86_64-unknown-linux-gnu
GUEST_BUILD := SEALROOT_EMBEDDED=$(EMBEDDED) swift build -c release --scratch-path .build-embedded
OWNER_BUILD := swift build -c release --static-swift-stdlib --scratch-path .build-owner

.PHONY: help setup build guest owner deb image demo test bench lint clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: ## install the Debian packages that building and testing need
	@sh Packaging/setup

guest: ## build sealroot-init (Embedded Swift)
	$(GUEST_BUILD) --product sealroot-init

owner: ## build the sealroot tool, with the Swift runtime linked in
	$(OWNER_BUILD) --product sealroot

build: guest owner ## build both programs

clean: ## remove everything that was built
	rm -rf .build .build-embedded .build-owner
