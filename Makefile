# Sealroot. `make help` lists the targets; a fresh Debian 12 machine needs `make demo` and `make test`.

TOOLCHAIN := $(shell dirname "$$(dirname "$$(readlink -f "$$(command -v swift)")")")
EMBEDDED := $(TOOLCHAIN)/lib/swift/embedded/x86_64-unknown-linux-gnu
GUEST_BUILD := SEALROOT_EMBEDDED=$(EMBEDDED) swift build -c release --scratch-path .build-embedded
FUZZ_BUILD := SEALROOT_FUZZ=1 swift build -c release --sanitize address --sanitize fuzzer -Xswiftc -enable-testing \
	--scratch-path .build-fuzz
CONTROL_BUILD := SEALROOT_WITHOUT_HEADER_CHECK=1 SEALROOT_EMBEDDED=$(EMBEDDED) swift build -c release \
	--scratch-path .build-control
# What the control program says first, and no other may say.
CONTROL_LINE := THIS PROGRAM CHECKS NO HEADER
unexport SEALROOT_WITHOUT_HEADER_CHECK
# pkg-config finds libfuse3 here first, as an archive: one program then runs on Debian 12 and 13, which have different
# versions of it.
STATIC := $(CURDIR)/.build-owner/static
OWNER_BUILD := PKG_CONFIG_PATH=$(STATIC) swift build -c release --static-swift-stdlib --scratch-path .build-owner

.PHONY: help setup build guest control owner agent emulator deb image attacks demo test installed tests bench fuzz trixie \
	lint clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: ## install the Debian packages that building and testing need
	@sh Packaging/setup

guest: ## build sealroot-init (Embedded Swift)
	$(GUEST_BUILD) --product sealroot-init
	@! xargs nm <.build-embedded/release/sealroot-init.product/Objects.LinkFileList | grep -E 'Tv[0-9]*_r?$$' || \
		{ echo "guest: constants that the linker may mix up; see Package.swift" >&2; exit 1; }
	@! grep -q '$(CONTROL_LINE)' .build-embedded/release/sealroot-init || \
		{ echo "guest: this program does not check headers" >&2; exit 1; }

control: ## build the program without the check of headers that the tests compare with
	$(CONTROL_BUILD) --product sealroot-init
	@grep -q '$(CONTROL_LINE)' .build-control/release/sealroot-init

$(STATIC)/fuse3.pc:
	@mkdir -p $(STATIC)
	@sed 's/-lfuse3/-l:libfuse3.a/' "$$(pkg-config --variable=pcfiledir fuse3)/fuse3.pc" >$@.part
	@mv $@.part $@

owner agent emulator: $(STATIC)/fuse3.pc

owner: ## build the sealroot tool, with the Swift runtime linked in
	$(OWNER_BUILD) --product sealroot

agent: ## build snp-emulator-guest, the emulator's part inside a virtual machine
	$(OWNER_BUILD) --product snp-emulator-guest

emulator: ## build snp-emulator, with the Swift runtime linked in
	$(OWNER_BUILD) --product snp-emulator

# One after the other under `make -j`, too: SwiftPM would have them wait for each other.
build: ## build the programs that are packaged
	@for program in guest owner agent emulator; do $(MAKE) --no-print-directory $$program || exit 1; done

# What was built once is reused, until something that goes into it changes.
SOURCES := $(shell find Package.swift Sources Hooks Initramfs Packaging -type f)

deb: .build/deb/done ## build the Debian packages into .build/deb
.build/deb/done: $(SOURCES)
	@$(MAKE) --no-print-directory build
	@sh Packaging/build-deb
	@touch $@

image: .build/images/done ## build the demo's disks and an emulated chip, into .build/images
.build/images/done: .build/deb/done
	@sh Packaging/images/build-root .build/deb/sealroot_*.deb .build/deb/sealroot-initramfs_*.deb \
		.build/deb/snp-emulator-guest_*.deb
	@sh Packaging/images/build-disk
	@rm -rf .build/images/encrypted.raw .build/images/encrypted.raw.sealroot .build/images/recovery-key
	@.build-owner/release/sealroot encrypt-image .build/images/disk.raw --out .build/images/encrypted.raw \
		--recovery-key-out .build/images/recovery-key
	@sh Packaging/images/build-confidential
	@touch $@

demo: setup image emulator ## boot a confidential VM in the emulator, with nobody at the console
	swift run demo

test: setup ## install what is missing, build, and run every test
	@$(MAKE) --no-print-directory --jobs=2 installed tests
	swift test

# The two halves of the way to the tests. Side by side they take less time: each waits for disk or mirror now and then.
installed: image
	@sh Tests/Packages/install bookworm .build/deb/*.deb

tests: control
	swift build --build-tests

trixie: setup image ## make the packages twice, install them on Debian 13, boot disks of it that dracut unlocks
	@sh Tests/Packages/make-twice .build/deb/*.deb
	@sh Tests/Packages/install trixie .build/deb/*.deb
	@sh Packaging/images/build-debian13 .build/deb/sealroot_*.deb .build/deb/sealroot-dracut_*.deb \
		.build/deb/snp-emulator-guest_*.deb
	SEALROOT_ONLY=VMTests swift test --filter 'DracutBootTests|DracutAttestedBootTests'

attacks: setup image control emulator ## try every attack of a cheating host, and judge how each ends
	.build-owner/release/snp-emulator attack run --all --sealroot-init .build-embedded/release/sealroot-init \
		--control-init .build-control/release/sealroot-init --image .build/images/disk.raw \
		--template Packaging/templates/ovmf-debian12-secureboot.json
	.build-owner/release/snp-emulator attack run --all --mode vm --sealroot-init .build-embedded/release/sealroot-init \
		--chip .build/images/chip --image .build/images/confidential.raw

.build/boot-bench/done: .build/deb/done Tests/Packages/make-boot-disks
	@sh Tests/Packages/make-boot-disks .build/deb/sealroot_*.deb .build/deb/sealroot-initramfs_*.deb
	@touch $@

bench: setup image control emulator .build/boot-bench/done ## measure size and speed, beside peers and limits
	swift run bench
	swift run bench --boots
	swift run bench --roots
	.build-owner/release/snp-emulator bench
	@sh Tests/Packages/measure-initramfs .build/deb/sealroot_*.deb .build/deb/sealroot-initramfs_*.deb

SECONDS_EACH := 30
fuzz: setup ## fuzz every parser, SECONDS_EACH=30 seconds each; FUZZ_TARGETS=... for some of them
	$(FUZZ_BUILD) --product fuzz
	@SECONDS_EACH=$(SECONDS_EACH) sh Tests/Fuzz/run $(FUZZ_TARGETS)

lint: ## check the style of Swift and shell, the manual against the programs, and packages that are built
	swift format lint --strict --recursive Package.swift Sources Tests
	shellcheck Packaging/setup Packaging/build-deb Packaging/images/build-root Packaging/images/build-disk \
		Packaging/images/build-confidential Packaging/images/build-debian13 Packaging/images/mirror \
		Packaging/debian/sealroot.post* Hooks/first-boot Hooks/reseal Hooks/kernel/*/* Hooks/initramfs/*/* \
		Packaging/debian/tests/unattended-unlock \
		Tests/Packages/* Tests/Fuzz/run Tests/Fuzz/seeds \
		Initramfs/initramfs-tools/hooks/* Initramfs/initramfs-tools/scripts/*/* Initramfs/contents \
		Initramfs/boot-functions Initramfs/dracut/*/module-setup.sh Initramfs/dracut/90sealroot/sealroot-boot \
		Initramfs/dracut/90sealroot/sealroot-ask
	@for page in Packaging/man/*; do \
		! LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings=w --local-file "$$page" 2>&1 >/dev/null | grep . || exit 1; done
	SEALROOT_ONLY=ManualTests swift test --filter ManualTests --skip hasExamplesThatWork
	@[ ! -e .build/deb/done ] || lintian --allow-root --quiet --fail-on error,warning .build/deb/*.deb

clean: ## remove everything that was built
	rm -rf .build .build-embedded .build-control .build-owner .build-fuzz
