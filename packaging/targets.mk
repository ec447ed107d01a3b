# What a person calls.

.DEFAULT_GOAL = all
.PHONY: all programs help unit-programs fuzz-programs FORCE check \
	check-sanitize check-build floors fuzz prove bench demo demo-stop \
	install manuals measure clean

# Autoconf and configure run where their results are missing.
configure: configure.ac
	@packaging/install-packages build
	@autoconf
	@autoheader
config.h.in: configure
config.mk: configure config.mk.in
	@packaging/install-packages build
	@./configure --quiet
	@touch config.mk

help:
	@echo 'make                 build into build/'
	@echo 'make demo            run the main job here; make demo-stop cleans up'
	@echo 'make check           every test through prove'
	@echo 'make check-sanitize  units and end to end under ASan and UBSan'
	@echo 'make prove           long proofs: kills, power cuts'
	@echo 'make fuzz            every fuzz target, FUZZ_SECONDS=60 each'
	@echo 'make bench           side by side with a peer'
	@echo 'make floors          each floor links over the lower ones alone'
	@echo 'make install         DESTDIR and prefix as usual'

TEST_BUILD = $(MAKE) --no-print-directory -j2 BUILD=build/test \
	DEFINES=-DPOSTERN_TEST
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
SANITIZE_BUILD = $(MAKE) --no-print-directory -j2 BUILD=build/asan \
	DEFINES=-DPOSTERN_TEST SANITIZE="$(SANITIZERS)" OPTIMIZE="-O1 -g" \
	FORTIFY= HARDENING=
FUZZ_BUILD = $(MAKE) --no-print-directory -j2 BUILD=build/fuzz CC=$(CLANG) \
	DEFINES=-DPOSTERN_TEST HARDENING= FORTIFY= OPTIMIZE="-O1 -g" \
	SANITIZE="$(SANITIZERS) -fsanitize=fuzzer-no-link"
sabotage_build = $(MAKE) --no-print-directory -j2 BUILD=build/sabotage-$(1) \
	DEFINES="-DPOSTERN_TEST -DPOSTERN_SABOTAGE_$(2)" programs
PROVE = prove --timer -It/lib

# Unit tests print TAP; the rest of t/ is Perl.
unit_tests = $(patsubst t/unit/%.c,$(1)/t/unit/%,$(wildcard t/unit/*_test.c))

check-build:
	@packaging/install-packages build check
	@+$(MAKE) --no-print-directory -j2 programs
	@+$(TEST_BUILD) programs unit-programs
	@+$(call sabotage_build,ack,ACK_BEFORE_SYNC)
	@+$(call sabotage_build,replay,NO_REPLAY)
	@+$(call sabotage_build,bounce,SPLIT_BOUNCE)
	@+$(FUZZ_BUILD) fuzz-programs

check: check-build floors
	@POSTERN_BUILD=build/test $(PROVE) -j2 $(call unit_tests,build/test) \
	    t/*.t

# One at a time: sanitizers slow every process down, and some tests watch
# several of them race a moved clock.
check-sanitize:
	@packaging/install-packages build check
	@+$(SANITIZE_BUILD) programs unit-programs
	@POSTERN_BUILD=build/asan POSTERN_LANE=sanitize $(PROVE) \
	    $(call unit_tests,build/asan) $(filter-out t/crash%.t \
	    t/fuzz%.t t/layering.t t/lint.t,$(wildcard t/*.t))

# Each floor whole, over the rooms below it alone: an upward call is an
# undefined symbol.
FLOOR_ROOMS_0 = gateway/base
FLOOR_ROOMS_1 = gateway/mail gateway/config gateway/store
FLOOR_ROOMS_2 = gateway/protocol
FLOOR_ROOMS_3 = crypto
FLOOR_ROOMS_4 = policy webui/http
FLOOR_ROOMS_5 = listeners queue queue/delivery policy/scan crypto/keys \
	crypto/protect crypto/vault crypto/unseal webui/server \
	gateway/lookup gateway/supervisor gateway/admin gateway/cli \
	policy/inspect
floor_check = $(foreach room,$(FLOOR_ROOMS_$(1)), \
	@$(CC) -pie -nostartfiles -Wl,--entry=0 -Wl,--defsym=__dso_handle=0 \
	    -o /dev/null \
	    -Wl,--whole-archive $(call archive,$(room)) \
	    -Wl,--no-whole-archive -Wl,--start-group \
	    $(foreach lower,$(2),$(call archive,$(lower))) \
	    -Wl,--end-group $(ALL_LIBS) && echo "  FLOOR $(1)  $(room)"$(newline))
define newline


endef
floors: $(foreach room,$(ROOMS),$(BUILD)/$(room)/$(subst /,_,$(room)).a)
	$(call floor_check,0,)
	$(call floor_check,1,$(FLOOR_ROOMS_0))
	$(call floor_check,2,$(FLOOR_ROOMS_0) $(FLOOR_ROOMS_1))
	$(call floor_check,3,$(FLOOR_ROOMS_0) $(FLOOR_ROOMS_1) $(FLOOR_ROOMS_2))
	$(call floor_check,4,$(FLOOR_ROOMS_0) $(FLOOR_ROOMS_1) $(FLOOR_ROOMS_2) \
	    $(FLOOR_ROOMS_3))
	$(call floor_check,5,$(FLOOR_ROOMS_0) $(FLOOR_ROOMS_1) $(FLOOR_ROOMS_2) \
	    $(FLOOR_ROOMS_3) $(FLOOR_ROOMS_4))

FUZZ_SECONDS ?= 60
fuzz:
	@packaging/install-packages build check
	@+$(FUZZ_BUILD) fuzz-programs
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(PROVE) -v t/fuzz_smoke.t

prove: check-build
	@POSTERN_PROVE=long $(PROVE) -v t/crash_*.t

bench: programs bench-programs
	@$(BUILD)/t/bench/envelope_rate
	@$(BUILD)/t/bench/scan_rate
	@t/bench/run

demo: programs
	@packaging/install-packages build demo
	@packaging/demo start

demo-stop:
	@packaging/demo stop

# Manual pages: hand-written beside each program, two made from tables.
MANUALS = $(wildcard gateway/*/*.8 listeners/*.8 queue/*.8 \
	queue/delivery/*.8 policy/*/*.8 crypto/*/*.8 webui/server/*.8)
FILE_MANUALS = $(wildcard policy/*.5)
manuals: $(BUILD)/postern.1 $(BUILD)/postern.yaml.5
$(BUILD)/postern.1: $(BUILD)/postern
	@$(BUILD)/postern help --manual > $@
$(BUILD)/postern.yaml.5: $(BUILD)/postern
	@$(BUILD)/postern config schema --manual > $@

install: programs manuals
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/lib/postern \
	    $(DESTDIR)$(prefix)/share/man/man1 \
	    $(DESTDIR)$(prefix)/share/man/man5 \
	    $(DESTDIR)$(prefix)/share/man/man8
	install $(addprefix $(BUILD)/,$(filter-out postern,$(PROGRAMS))) \
	    $(DESTDIR)$(prefix)/lib/postern
	install $(BUILD)/postern $(DESTDIR)$(prefix)/bin
	install -m 644 $(BUILD)/postern.1 $(DESTDIR)$(prefix)/share/man/man1
	install -m 644 $(BUILD)/postern.yaml.5 $(FILE_MANUALS) \
	    $(DESTDIR)$(prefix)/share/man/man5
	install -m 644 $(MANUALS) $(DESTDIR)$(prefix)/share/man/man8

# Outliers to look at again; nothing fails.
measure:
	@echo 'Functions over 60 lines:'
	@git ls-files '*.c' | xargs ctags -x --c-kinds=f \
	    --_xformat='%N %F %n %{end}' | \
	    awk '$$4 - $$3 > 60 { print $$4 - $$3, $$1, $$2 ":" $$3 }' | \
	    sort -rn
	@echo 'Files over 500 lines, headers over 120:'
	@git ls-files '*.[ch]' | xargs wc -l | awk '$$2 != "total" && \
	    ($$1 > 500 || ($$2 ~ /h$$/ && $$1 > 120))' | sort -rn

clean:
	rm -rf build
