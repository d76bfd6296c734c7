# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel reads Kbuild, not this file: make -C KDIR M=$PWD modules works too.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DESTDIR ?=

top := $(CURDIR)
vm := selftests/vm

.PHONY: all
all: module tool

.PHONY: help
help:
	@echo 'make demo                      six routers find each other, in a real kernel'
	@echo 'make check                     all tests, in two kernels'
	@echo 'make check TESTS="chain ring"  these; TESTS=auth/ for a folder of selftests/'
	@echo 'make bench                     measure'
	@echo 'make install                   module and tool; with KDIR, PREFIX and DESTDIR'
	@echo 'make wireshark-install         what Wireshark takes to know frames by'
	@echo
	@echo 'make              the module, for the kernel of KDIR, and the tool'
	@echo 'make module|tool  one of them'
	@echo 'make shell        the network of the demo, with a prompt'
	@echo 'make check-uml    tests in the debug kernel only; with TESTS= as well'
	@echo 'make check-qemu   ... in the stock one; also -6.12, -sid, -rt, -smp, -small'
	@echo 'make check-unit   ... of the parts that need no kernel; check-wireshark is one'
	@echo 'make check-cross  other CPUs: build; check-pair: boot two, with an x86-64'
	@echo 'make check-long   ... with more rounds of all that goes round, for hours'
	@echo 'make lint         style and static checks'
	@echo 'make spec         generate the netlink code from its spec'
	@echo 'make spec-check   compare the netlink code with its spec'
	@echo 'make clean        remove what was built here'
	@echo
	@echo 'KDIR    $(KDIR)'
	@echo 'PREFIX  $(PREFIX)'

.PHONY: kdir
kdir:
	@test -e $(KDIR)/Makefile || { \
		echo 'make: no kernel headers in $(KDIR): install those of your kernel, or set KDIR to the build folder of one' >&2; \
		exit 1; \
	}

.PHONY: module
module: kdir
	$(MAKE) -C $(KDIR) M=$(top) modules

.PHONY: tool
tool:
	$(MAKE) -C userspace

.PHONY: install module-install tool-install wireshark-install
install: module-install tool-install

module-install: module
	$(MAKE) -C $(KDIR) M=$(top) INSTALL_MOD_PATH=$(DESTDIR) modules_install
ifeq ($(DESTDIR),)
	depmod $$(modinfo -F vermagic romon.ko | cut -d ' ' -f 1)
endif

tool-install: tool
	$(MAKE) -C userspace install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

wireshark-install:
	$(MAKE) -C userspace wireshark-install DESTDIR=$(DESTDIR)

# Also without headers: what kbuild leaves behind, and the test bed's build.
.PHONY: clean
clean:
	$(MAKE) -C userspace clean
	rm -rf build
	rm -f romon.ko romon.mod romon.mod.c modules.order Module.symvers
	find . -path ./.git -prune -o -path ./userspace -prune -o \
		\( -name '*.o' -o -name '.*.cmd' \) -exec rm -f {} +

.PHONY: prereq
prereq:
	@selftests/prereq

parts := $(addprefix check-,unit wireshark uml qemu 6.12 sid rt smp small fips lockdown cross pair)
.PHONY: check check-long $(parts)
check:
	@selftests/check $(TESTS)
check-long:
	@selftests/check --long $(TESTS)
$(parts): check-%:
	@selftests/check --only $* $(TESTS)

.PHONY: demo shell bench
demo: prereq
	@$(vm)/run uml --timeout 300 -- selftests/demo.sh
shell: prereq
	@$(vm)/run uml --interactive -- selftests/demo.sh --shell
bench: prereq
	@$(vm)/run qemu --timeout 1800 -- selftests/run bench/scale
	@$(vm)/run bench --timeout 1800 -- selftests/run bench/scale disable
	@$(vm)/run bench --timeout 1800 -- selftests/run bench/forward
	@$(vm)/run bench --timeout 1800 -- selftests/run bench/smp
	@$(vm)/run bench --timeout 1800 -- selftests/run bench/grid
	@$(vm)/run bench --timeout 3600 -- selftests/run bench/stays
	@$(vm)/run bench --timeout 900 -- selftests/run bench/echo
	@$(vm)/run bench --timeout 900 -- selftests/run bench/start
	@$(vm)/run bench --timeout 1800 -- selftests/run bench/heal
	@$(vm)/run bench --timeout 1800 -- selftests/run bench/streams
	@$(vm)/run bench --timeout 900 -- env TESTS=OpenSSH_copies_large_files selftests/run session

.PHONY: lint
lint: prereq
	@selftests/lint

.PHONY: spec spec-check
spec: prereq
	@selftests/spec
spec-check: prereq
	@selftests/spec --check
