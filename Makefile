# SPDX-License-Identifier: MIT
# The usual commands; Meson and ninja do the work. See `make help`.

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
TRACE ?= data/glusterfs-10.3-brick-mixed.trace.zst
HEAP_TRACE ?= data/glusterfs-10.3-brick-mixed-gfmalloc.trace.zst

PRODUCT := $(BUILD)/product
INSTALL_DEPENDENCIES := tools/install_dependencies.sh

.DEFAULT_GOAL := demo
.PHONY: demo build test test-quick test-glusterfs bench coverage tidy format install clean help

## demo: build, and replay a real server's traces through ours, malloc and the classic pool
demo: build
	$(PRODUCT)/cli/mempool replay $(TRACE)
	$(PRODUCT)/cli/mempool replay --rounds=3 $(HEAP_TRACE)

## build: the library and the command, into $(BUILD)/product
build:
	$(INSTALL_DEPENDENCIES) build
	@# The same directory serves every target; only the prefix may differ from call to call.
	@test -f $(PRODUCT)/build.ninja || meson setup $(PRODUCT) --prefix=$(abspath $(PREFIX)) \
	    -Dcli=enabled -Dtests=disabled -Dbench=disabled
	@ninja -C $(PRODUCT)

## test: everything: both compilers, sanitizers, valgrind, checks of the tree
test:
	@$(INSTALL_DEPENDENCIES) build test
	@tests/run --build-dir $(BUILD)

## test-quick: the release build's tests only
test-quick:
	@$(INSTALL_DEPENDENCIES) build test
	@tests/run --build-dir $(BUILD) --variant release

## test-glusterfs: an unmodified GlusterFS on the library, in a cluster on this machine (as root)
test-glusterfs: build
	@# What this machine cannot do is skipped, and said.
	@$(INSTALL_DEPENDENCIES) glusterfs || true
	@tests/glusterfs/run.py --library $(PRODUCT)/glusterfs/libmempool-glusterfs.so \
	    --command $(PRODUCT)/cli/mempool $(GLUSTERFS_FLAGS) || test $$? -eq 77

## bench: compare with every allocator that is installed; figures also in $(BUILD)/bench.json
bench:
	$(INSTALL_DEPENDENCIES) build bench
	@test -f $(BUILD)/bench/build.ninja || meson setup $(BUILD)/bench \
	    -Dcli=enabled -Dtests=disabled -Dbench=enabled
	@ninja -C $(BUILD)/bench
	$(BUILD)/bench/bench/mempool-bench --json=$(BUILD)/bench.json $(BENCH_FLAGS)

## coverage: lines of src/ that the tests run; fails under 95 %
coverage:
	@$(INSTALL_DEPENDENCIES) build test
	@tests/run --build-dir $(BUILD) --variant coverage

## tidy: clang-tidy over src/ (needs clang-tidy)
tidy: build
	clang-tidy --quiet -p $(PRODUCT) $(shell find src -name '*.c')

## format: clang-format over what git says was changed (needs clang-format)
format:
	clang-format -i $(shell git diff --name-only --diff-filter=d HEAD -- '*.c' '*.h')

## install: the library, headers, command and man pages, below $(DESTDIR)$(PREFIX)
install: build
	@meson configure $(PRODUCT) -Dprefix=$(abspath $(PREFIX))
	DESTDIR=$(abspath $(DESTDIR)) meson install -C $(PRODUCT)
	@test -n "$(DESTDIR)" || ldconfig 2>/dev/null || true

## clean: remove everything that was built
clean:
	rm -rf $(BUILD)

## help: this list
help:
	@sed -n 's/^## //p' Makefile
	@echo 'Variables: BUILD=$(BUILD) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)'
