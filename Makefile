# SPDX-License-Identifier: Apache-2.0

PREFIX = /usr/local
SHIM = containerd-shim-swift-v2
SAMPLE = containerd-shim-sample-v2
OUT = .build/static/release
INSTALL = install
PACKAGE = containerd-shim-swift
DEB = .build/deb

# A static executable: one file for any distribution, a quarter of the memory, half the start time.
# It is not position-independent, which -static implies: relocating Swift's metadata would dirty
# 490 kB in each process. lld, because the default linker warns of glibc functions nobody calls.
# In a scratch path of its own: sharing one, this and `swift test` would rebuild each other's work.
# What is written or executed lies side by side: hot-symbols.txt, and no room beforehand for generic types
# that are never made. Together they take a third of an idle shim's private memory away.
HOT = $(CURDIR)/Sources/Shim/hot-symbols.txt
STATIC = --scratch-path .build/static -Xswiftc -static-executable -Xswiftc -use-ld=lld \
  -Xswiftc -Xfrontend -Xswiftc -disable-preallocated-instantiation-caches \
  -Xlinker --symbol-ordering-file=$(HOT) -Xlinker --no-warn-symbol-ordering -Xlinker --icf=safe

.PHONY: all install test cri-test vm-test fuzz fuzz-plants killrounds killrounds-plants soak soak-plants execs \
  stream bench bench-plots hot-symbols lint format protos demo deb deb-test clean setup help

all: ## build the release, static executables in .build/static/release (default)
	swift build -c release --product $(SHIM) $(STATIC) $(SWIFTFLAGS)
	ln -sfn $(SHIM) $(OUT)/$(SAMPLE)

install: all ## install the shims and their man page under $(DESTDIR)$(PREFIX)
	$(INSTALL) -D -s -m 755 $(OUT)/$(SHIM) $(DESTDIR)$(PREFIX)/bin/$(SHIM)
	ln -sfn $(SHIM) $(DESTDIR)$(PREFIX)/bin/$(SAMPLE)
	$(INSTALL) -D -m 644 Documentation/man/$(SHIM).8 $(DESTDIR)$(PREFIX)/share/man/man8/$(SHIM).8
	ln -sfn $(SHIM).8 $(DESTDIR)$(PREFIX)/share/man/man8/$(SAMPLE).8

test: setup ## run all tests: units, then the release under containerd and its CRI
	$(MAKE) all
	swift test --disable-xctest --skip IntegrationTests
	swift test --disable-xctest --filter IntegrationTests
	$(MAKE) cri-test

cri-test: setup ## run pods, execs, logs and restarts through containerd's CRI, as Kubernetes would (as root)
	$(MAKE) all
	Tests/CRI/run.sh

# Not part of `test`: it is emulated, and slow.
vm-test: setup ## test the package in a virtual machine with cgroup v2, by runc and crun, cgroupfs and systemd
	@Tests/Support/setup.sh qemu-system-x86 mmdebstrap e2fsprogs
	$(MAKE) deb
	swift build --build-tests
	Tests/Guest/run.sh

fuzz: setup ## feed the decoders with random bytes, each for SECONDS (60); SEED= plays a run again
	SECONDS_EACH=$(or $(SECONDS),60) SEED=$(SEED) Tests/Fuzz/run.sh $(TARGETS)

fuzz-plants: setup ## the same with a bug in each, which is to be found
	PLANTS=1 SECONDS_EACH=$(or $(SECONDS),60) SEED=$(SEED) Tests/Fuzz/run.sh $(TARGETS)

killrounds: setup all ## kill shim, containerd or runc at random points of N= containers' lives (100); SEED=
	Tests/Reliability/run.sh killrounds N=$(N) SEED=$(SEED) LANES=$(LANES) FIRST=$(FIRST)

killrounds-plants: setup all ## the same with planted bugs, which are to be found
	Tests/Reliability/run.sh killrounds-plants

soak: setup all ## a random mix of all that a shim goes through, for MINUTES= (5); SEED=
	Tests/Reliability/run.sh soak MINUTES=$(MINUTES) SEED=$(SEED) FIRST=$(FIRST)

execs: setup all ## N= execs (100000) in one container, after which the shim is as small as before; SEED=
	Tests/Reliability/run.sh execs N=$(N) SEED=$(SEED)

stream: setup all ## MIB= of output (10240) through a reader that comes and goes; containerd AWAY= s; SEED=
	Tests/Reliability/run.sh stream MIB=$(MIB) AWAY=$(AWAY) SEED=$(SEED)

soak-plants: setup all ## soak, execs and stream with planted bugs, which are to be found
	Tests/Reliability/run.sh soak-plants

bench: setup all ## compare with containerd's own shim: memory, start, streams, RPCs; QUICK=1 takes two minutes
	Benchmarks/run.sh QUICK=$(QUICK) ONLY=$(ONLY)

bench-plots: ## draw the plots again from the figures of the last whole run
	Benchmarks/run.sh plots

hot-symbols: setup ## list anew what a shim writes and executes, so that it lies side by side; then build
	@Tests/Support/setup.sh valgrind
	rm -f $(OUT)/$(SHIM)
	$(MAKE) all SWIFTFLAGS="-Xlinker -Map=$(CURDIR)/.build/static/link.map -Xlinker --no-demangle"
	Benchmarks/run.sh hot-symbols .build/static/link.map
	rm -f $(OUT)/$(SHIM)
	$(MAKE) all

lint: ## check format, licence lines, imports, file lengths, generated code and versions
	@Tests/Support/lint.sh

format: ## format all Swift sources in place
	swift format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks

protos: ## generate Swift from our .proto files
	@Tests/Support/protos.sh

demo: setup ## a tour of what a shim does, played under a private containerd (as root)
	$(MAKE) all
	PATH="$(CURDIR)/$(OUT):$$PATH" Examples/demo.sh

# Swift comes from PATH: Debian 12 has none. Fetching is done here, so that debian/rules need not.
deb: ## build the Debian package in .build/deb, and check it with lintian
	@Tests/Support/setup.sh debhelper dpkg-dev libevent-dev libmd-dev lintian
	swift package resolve --scratch-path .build/static
	rm -rf $(DEB)
	mkdir -p $(DEB)
	DEB_FOLDER=$(DEB) dpkg-buildpackage --build=binary --no-sign --post-clean \
	  --build-profiles=pkg.$(PACKAGE).toolchain \
	  --buildinfo-option=-u$(DEB) --buildinfo-file=$(DEB)/build.buildinfo \
	  --changes-option=-u$(DEB) --changes-file=$(DEB)/build.changes
	lintian --display-info --pedantic --fail-on error,warning,info,pedantic $(DEB)/$(PACKAGE)_*.deb

deb-test: setup ## install, upgrade and purge that package while tasks run (as root)
	@Tests/Support/package-test.sh $(DEB)/$(PACKAGE)_*.deb

clean: ## remove everything built
	rm -rf .build

setup: ## install the Debian packages that building and testing need (as root)
	@Tests/Support/setup.sh

help: ## list these verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 10
