# Builds, tests and installs everything; one file, no recursion. Each room adds src/ROOM/room.mk:
#   below_ROOM := the rooms it stands on, highest first     (for the linker and for `make layers`)
#   libs_ROOM  := third-party libraries that it needs
#   programs   += ROOM/NAME                                 (src/ROOM/NAME.cc has main())

# Unless told otherwise, one job for each processor.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

comma := ,
space := $(subst ,, )

CXX    ?= g++
ifeq ($(origin CXX),default)
CXX    := g++
endif
PYTHON := /usr/bin/python3
SAN    ?=
B      := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(findstring clang,$(CXX)),-clang)
PREFIX ?= /usr

# Objects come out of ccache where it is installed, whichever folder the tree lies in.
ccache := $(if $(findstring ccache,$(CXX)),,$(shell command -v ccache))
export CCACHE_NOHASHDIR := 1
export CCACHE_SLOPPINESS := pch_defines,time_macros

warnings := -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror
language := -std=c++20 -Isrc -Itests/unit $(warnings) \
            $(SAN:%=-fsanitize=%) $(if $(SAN),-fno-sanitize-recover=all)
# Sanitizers and tests want to be built quickly; only what is installed has to be fast.
# A fuzzer has to be fast, too.
compile   = $(ccache) $(CXX) $(language) \
            $(if $(findstring fuzzer,$(SAN)),-O1 -g1,$(if $(SAN),-O0 -g1,-O2 -g))
compile_test = $(ccache) $(CXX) $(language) -O0 -g1

rooms := $(patsubst src/%/room.mk,%,$(wildcard src/*/room.mk))
programs :=
plugins  :=
include $(rooms:%=src/%/room.mk)

obj       = $(patsubst %.cc,$B/%.o,$(wildcard $1))
members   = $(filter-out $(programs:%=$B/src/%.o),$(call obj,src/$1/*.cc))
archives  = $(foreach r,$1,$(if $(call members,$r),$B/lib/$r.a))
libraries = $(foreach r,$1,$(libs_$r))
binaries := $(foreach p,$(programs),$B/bin/$(notdir $p))
plugin_files := $(plugins:%=$B/lib/handoff/%.so)

# Scripts and lists lie beside the programs, as they do when installed.
conf_files := post-install postfix-files postfix-script
$(conf_files:%=$B/bin/%): $B/bin/%: conf/%
	@mkdir -p $(@D)
	@cp -p --remove-destination $< $@

all: $(binaries) $(plugin_files) $(conf_files:%=$B/bin/%)

$B/%.o: %.cc
	@mkdir -p $(@D)
	$(compile) -MMD -MP -c $< -o $@

# Half of a test's compile time is GoogleTest's header.
prefix := tests/unit/support/prefix.h
$B/tests/unit/%.o: tests/unit/%.cc $B/$(prefix).gch
	@mkdir -p $(@D)
	$(compile_test) -include $B/$(prefix) -MMD -MP -c $< -o $@
$B/$(prefix).gch: $(prefix)
	@mkdir -p $(@D) && cp $< $(@:.gch=)
	$(compile_test) -x c++-header $(@:.gch=) -o $@

define room
$B/lib/$1.a: $(call members,$1) src/$1   # the directory: notices deleted files
	@mkdir -p $$(@D) && rm -f $$@
	@ar rcs $$@ $$(filter %.o,$$^)
endef
define program
$B/bin/$(notdir $1): $B/src/$1.o $(call archives,$2 $(below_$2))
	@mkdir -p $$(@D)
	$$(compile) $$^ $(call libraries,$2 $(below_$2)) -o $$@
endef
$(foreach r,$(rooms),$(eval $(call room,$r)))
$(foreach p,$(programs),$(eval $(call program,$p,$(patsubst %/,%,$(dir $p)))))

# --- Plug-ins for tables. They have no undefined symbols but those of a sanitizer, which the program
# brings along, and show one.
$B/src/plugins/%.o: compile += -fPIC -fvisibility=hidden
$(plugin_files): $B/lib/handoff/%.so: $B/src/plugins/%.o $B/lib/plugins.a
	@mkdir -p $(@D)
	$(compile) -shared $(if $(SAN),,-Wl$(comma)-z$(comma)defs) $^ $(libs_$*) -o $@
	@chmod go-w $@

# --- Unit tests: one binary, every room below it; each test source belongs to a room that exists.
# Programs never include each other, so their order among themselves does not matter to the linker.
floors       := service global tls dns tables util
test_rooms   := $(filter-out $(floors),$(rooms)) $(filter $(rooms),$(floors))
test_objects := $(call obj,tests/unit/*/*.cc)
$B/bin/unit-tests: $(test_objects) $(call archives,$(test_rooms))
	@mkdir -p $(@D)
	$(compile) $^ $(call libraries,$(test_rooms)) -lgtest -o $@

# --- A daemon that only tests have, on one of our skeletons.
test_daemons := $B/tests/event-daemon
$(test_daemons): $B/tests/%-daemon: $B/tests/support/%_daemon.o $(call archives,$(floors))
	@mkdir -p $(@D)
	$(compile) $^ $(call libraries,$(floors)) -o $@

# --- Fuzzers: clang's libFuzzer, in a build folder of its own. What they learn stays there; what
# they begin with lies in tests/fuzz/seeds/NAME, or where seeds_NAME says.
FUZZ_SECONDS ?= 60
seeds_scache_driver   := tests/stress
seeds_bounce_template := tests/data/bounce_templates
seeds_main_cf         := tests/data/postconf/pairs
seeds_master_cf       := tests/data/postconf/pairs
fuzz_rooms    := scache-driver bounce postconf master service global $(below_global)
fuzz_programs := $(patsubst tests/fuzz/%.cc,$B/fuzz/%,$(wildcard tests/fuzz/*.cc))
$(fuzz_programs): $B/fuzz/%: $B/tests/fuzz/%.o $(call archives,$(fuzz_rooms))
	@mkdir -p $(@D)
	$(compile) -fsanitize=fuzzer $^ $(call libraries,$(fuzz_rooms)) -o $@
seeds_of   = $(seeds_$1) $(wildcard tests/fuzz/seeds/$1)
run_fuzzer = mkdir -p $1.corpus && $1 -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 \
             -artifact_prefix=$1. -verbosity=0 -print_final_stats=1 $1.corpus $(call seeds_of,$(notdir $1))
fuzz:
	@scripts/setup fuzz
	$(MAKE) CXX=clang++-14 SAN=fuzzer-no-link,address,undefined run-fuzzers
run-fuzzers: $(fuzz_programs) $(plugin_files)
	$(foreach p,$(fuzz_programs),$(call run_fuzzer,$p) && )true

# --- What the benchmarks run: one program for each source.
bench_programs := $(patsubst bench/%.cc,$B/bench/%,$(wildcard bench/*.cc))
$(bench_programs): $B/bench/%: $B/bench/%.o $(call archives,global $(below_global))
	$(compile) $^ $(call libraries,global $(below_global)) -pthread -o $@

.PHONY: all setup test check test-unit test-san layers headers records docs docs-fresh format format-check e2e interop \
        demo bench bench-programs fuzz run-fuzzers tidy install clean

setup:
	@scripts/setup

test-unit: $B/bin/unit-tests $(plugin_files)
	$B/bin/unit-tests --gtest_brief=1 $(if $(FILTER),--gtest_filter='$(FILTER)')

test-san:
	$(MAKE) SAN=address,undefined test-unit

check: test-unit layers headers records docs-fresh format-check

export HANDOFF_BIN = $(CURDIR)/$B/bin
# Tests mostly wait. WORKERS=0 runs them one after the other, in this process.
WORKERS ?= $(shell echo $$(($$(nproc) * 2)))
# How many times longer than an idle machine needs they wait for what must happen.
export HANDOFF_TEST_PATIENCE ?= 2
pytest = $(PYTHON) -m pytest -p no:cacheprovider -q -n $(WORKERS) --maxprocesses 8 --dist loadfile

e2e interop: all $(test_daemons)
	$(pytest) tests/$@ $(if $(FILTER),-k '$(FILTER)')

test: setup
	$(MAKE) all check
	$(MAKE) test-san
	$(MAKE) e2e
	$(MAKE) interop

# MAIL=folder, mailbox or .eml file. Login shells have a MAIL, too, which is not meant.
demo: setup
	@$(MAKE) --no-print-directory all
	@scripts/demo $(if $(findstring command,$(origin MAIL)),'$(MAIL)')

bench: setup all bench-programs
	@bench/delivery
	@bench/scache
	@bench/master
bench-programs: $(bench_programs)

# --- Installing. conf/postfix-files is the list of what is installed; what is for developers is not
# in it.
workshop := scache-driver
install: all
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install $B/bin

records:
	@for program in $(filter-out $(workshop),$(notdir $(programs))); do \
	  grep -Eq '^\$$(daemon_directory/|command_directory/|)'"$$program"'(_path)?:f:' conf/postfix-files || \
	    { echo "conf/postfix-files has no record for $$program"; exit 1; }; \
	done; for plugin in $(plugins); do \
	  grep -q "/handoff/$$plugin.so:f:" conf/postfix-files || \
	    { echo "conf/postfix-files has no record for $$plugin.so"; exit 1; }; \
	done

# --- Documentation: man/ and html/, of the sources' manual comments, params.def and proto/.
main_sources = $(patsubst %,src/%.cc,$(filter-out %/$(workshop),$(programs)))
docs:
	@mantools/docs $(main_sources)
docs-fresh:
	@mantools/docs --check $(main_sources)
	@mantools/lint man/man*/*

# --- The house: a room includes itself and the rooms below it, nothing else.
layers:
	@$(foreach r,$(rooms),! grep -rn '^#include "' src/$r \
	  | grep -vE '"($(subst $(space),|,$(strip $r $(below_$r))))/' &&) true

headers_of = $(wildcard src/*/*.h tests/unit/*/*.h)
headers: $(patsubst %.h,$B/%.h.o,$(headers_of))
$B/%.h.o: %.h
	@mkdir -p $(@D)
	@echo '#include "$(patsubst src/%,%,$(patsubst tests/unit/%,%,$<))"' >$(@:.o=.cc)
	@$(ccache) $(CXX) $(language) -O0 -MMD -MP -c $(@:.o=.cc) -o $@

sources = $(wildcard src/*/*.cc src/*/*.h tests/unit/*/*.cc tests/unit/*/*.h tests/fuzz/*.cc tests/fuzz/*.h \
                     bench/*.cc)
format:
	clang-format-14 -i $(sources)
format-check:
	@clang-format-14 --dry-run -Werror $(sources)
tidy:
	clang-tidy-14 --quiet $(filter %.cc,$(sources)) -- -std=c++20 -Isrc -Itests/unit

clean:
	rm -rf build build-*

-include $(shell find $B -type f -name '*.d' 2>/dev/null)
