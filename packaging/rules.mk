# How things are built: flags, one archive a room, the binaries, the unit
# tests.  What is built stands in the Makefile.

# What only the tests need comes later than configure.
CLANG ?= clang
CMOCKA_LIBS = -lcmocka

WARNINGS = -Wall -Wextra -Wconversion -Wsign-conversion -Wvla \
	-Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wformat=2 \
	-Wimplicit-fallthrough -Wwrite-strings -Wundef -Werror
OPTIMIZE ?= -O2 -g
FORTIFY ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SANITIZE ?=
DEFINES ?=
CFLAGS_ALL = -std=gnu11 $(OPTIMIZE) $(WARNINGS) $(FORTIFY) $(HARDENING) \
	-fno-strict-aliasing -fno-strict-overflow \
	-fno-delete-null-pointer-checks -ffunction-sections -fdata-sections \
	-fPIE -D_GNU_SOURCE -I. $(SANITIZE) $(DEFINES) $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,--gc-sections -Wl,--as-needed -Wl,-z,relro,-z,now \
	-Wl,-z,noexecstack,-z,separate-code $(SANITIZE) $(LDFLAGS)

archive = $(BUILD)/$(1)/$(subst /,_,$(1)).a
objects = $(addprefix $(BUILD)/$(1)/,$(addsuffix .o,$($(1)_LIST)))

define room_rule
$(call archive,$(1)): $(call objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@$(AR) rcs $$@ $(call objects,$(1))
endef
$(foreach room,$(ROOMS),$(eval $(call room_rule,$(room))))

$(BUILD)/%.o: %.c config.mk $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(CFLAGS_ALL) $(OBJECT_DEFINES) -MMD -MP -c -o $@ $<

# Sources for browsers, as constants in C.
$(BUILD)/%.o: $(BUILD)/%.c config.mk $(BUILD)/flags
	@echo "  CC   $<"
	@$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
ENVELOPE_SOURCES = webui/portal/envelope/envelope
$(BUILD)/crypto/secure_envelope_shell.c: packaging/embed \
    $(ENVELOPE_SOURCES).html $(ENVELOPE_SOURCES).css $(ENVELOPE_SOURCES).js
	@mkdir -p $(@D)
	@echo "  EMBED $@"
	@packaging/embed crypto/secure_envelope_shell.h \
	    secure_envelope_shell_page=$(ENVELOPE_SOURCES).html \
	    secure_envelope_shell_style=$(ENVELOPE_SOURCES).css \
	    secure_envelope_shell_script=$(ENVELOPE_SOURCES).js > $@.new
	@mv $@.new $@

# Only this object knows the commit: a new one compiles nothing else again.
REVISION := $(shell git rev-parse --short=10 HEAD 2>/dev/null || echo release)
$(BUILD)/gateway/protocol/build_id.o: private OBJECT_DEFINES = \
	-DPOSTERN_VERSION='"$(VERSION)"' -DPOSTERN_REVISION='"$(REVISION)"'
$(BUILD)/gateway/protocol/build_id.o: $(BUILD)/revision
$(BUILD)/revision: FORCE
	@mkdir -p $(@D)
	@echo '$(REVISION)' | cmp -s - $@ || echo '$(REVISION)' > $@

# Objects are made again when the flags change.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL)' | cmp -s - $@ || \
	    echo '$(CC) $(CFLAGS_ALL)' > $@
FORCE:

define program_rule
$(BUILD)/$(1): $(BUILD)/$($(1)_MAIN).o \
    $(foreach room,$($(1)_ROOMS),$(call archive,$(room)))
	@echo "  LD   $$@"
	@$(CC) $(LDFLAGS_ALL) -o $$@ $$(filter %.o,$$^) \
	    -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
	    $(COMMON_LIBS) $($(1)_LIBS)
endef
$(foreach program,$(PROGRAMS),$(eval $(call program_rule,$(program))))

programs: $(addprefix $(BUILD)/,$(PROGRAMS))

ALL_LIBS = $(COMMON_LIBS) $(SQLITE_LIBS) $(OPENSSL_LIBS) $(UNBOUND_LIBS) $(IDN2_LIBS) \
	$(YAML_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS) $(VECTORSCAN_LIBS) \
	$(ICU_LIBS) $(CURL_LIBS) $(MAGIC_LIBS) $(LDAP_LIBS)
ALL_ARCHIVES = $(foreach room,$(ROOMS),$(if $($(room)_LIST),$(call \
	archive,$(room))))

# Unit tests: t/unit/NAME_test.c, one program each, over all rooms.
UNIT_TESTS = $(patsubst %.c,$(BUILD)/%,$(wildcard t/unit/*_test.c))
$(BUILD)/t/unit/%_test: $(BUILD)/t/unit/%_test.o $(ALL_ARCHIVES)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $< -Wl,--allow-multiple-definition \
	    -Wl,--start-group $(ALL_ARCHIVES) -Wl,--end-group \
	    $(ALL_LIBS) $(CMOCKA_LIBS)
unit-programs: $(UNIT_TESTS)

# Fuzz targets: t/fuzz/NAME_fuzz.c, libFuzzer, clang, own build folder.
FUZZ_TARGETS = $(patsubst %.c,$(BUILD)/%,$(wildcard t/fuzz/*_fuzz.c))
$(BUILD)/t/fuzz/%_fuzz: $(BUILD)/t/fuzz/%_fuzz.o $(ALL_ARCHIVES)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $< \
	    -Wl,--start-group $(ALL_ARCHIVES) -Wl,--end-group $(ALL_LIBS)
fuzz-programs: $(FUZZ_TARGETS)

# Benchmarks in C: t/bench/NAME_rate.c.
BENCH_TARGETS = $(patsubst %.c,$(BUILD)/%,$(wildcard t/bench/*_rate.c))
$(BUILD)/t/bench/%_rate: $(BUILD)/t/bench/%_rate.o $(ALL_ARCHIVES)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $< -Wl,--start-group $(ALL_ARCHIVES) \
	    -Wl,--end-group $(ALL_LIBS)
bench-programs: $(BENCH_TARGETS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# Objects of the tests are kept, too.
.SECONDARY:
