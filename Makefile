# SPDX-License-Identifier: GPL-2.0-only
# `make help` tells what there is. Kbuild builds the module, user/ the tool.

VERSION	:= $(shell sed -n 's/^\#define CVME_VERSION[^"]*"\(.*\)"/\1/p' kmod/cvm_evidence.h)
KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
DESTDIR	?=
PREFIX	?= /usr
MODDIR	?= /lib/modules/$(KVER)/updates
UNITDIR	?= /usr/lib/systemd/system
UDEVDIR	?= /lib/udev
DKMSDIR	?= /usr/src/cvm-evidence-$(VERSION)
VECTORS	?= ../shared/vectors
export VECTORS

DKMS_FILES := Kbuild Makefile dkms.conf COPYING kmod include

.PHONY: all kmod user install install-kmod install-user install-system uninstall \
	dkms-install dkms-uninstall deb clean help check check-user check-vm \
	check-matrix check-debug check-kcsan check-packages fuzz fuzz-kernel soak mutants mutants-user lint bench \
	demo deps

all: kmod user

help:
	@sed -n 's/^#: //p' Makefile

#: make                 module for the running kernel (or KDIR=...) and tool
#: make kmod            the module alone
#: make user            the tool and the manual pages
#: make install         module, tool, udev rule, group, load at boot, audit unit
#: make install-system  udev rule, group, load at boot, audit unit alone: for packages
#: make uninstall       all of that away
#: make dkms-install    module by DKMS: rebuilt for every kernel to come
#: make deb             Debian packages, in DEBOUT (deb/)
#: make clean
#:
#: make demo            the main job, shown in a VM, without a TEE
#: make check           all tests; installs what they need (root, Debian 12)
#: make check-user      host tests alone: half a minute, and as much to build them
#: make check-vm        selftests in VMs; KERNEL=6.12 SIM=tsm-snp narrows
#: make check-matrix    all of them on every kernel and every simulated TEE
#: make check-debug     selftests on a kernel with KASAN, lockdep, kmemleak;
#:                      SIM=ioctl-snp, TESTS="read poll" choose
#: make check-kcsan     the same on one that finds data races
#: make check-packages  the Debian packages: built, lintian, installed in Debian 12 and
#:                      13, upgraded, purged, booted
#: make fuzz            ten minutes of fuzzing the tool's parsers (libFuzzer)
#: make fuzz-kernel     ten minutes of fuzzing the module, on the debug kernel
#: make soak            half an hour (MINUTES=30) of clients, faults and reloads on
#:                      `latest` and `debug` (KERNELS, SIMS, SEED); nothing stays
#: make mutants         puts defects into verify and the module, one by one: a test must
#:                      find each; hours
#: make mutants-user    those of verify alone, on this host
#: make lint            checkpatch, shellcheck, spelling, one direction, documents
#: make bench           figures of docs/performance.md, in a VM

kmod:
	@test -e $(KDIR)/Makefile || { \
	echo "No kernel headers in $(KDIR)." >&2; \
	echo "Install them (Debian: apt install linux-headers-$(KVER))," >&2; \
	echo "or name others: make KDIR=/lib/modules/VERSION/build" >&2; \
	exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

user:
	$(MAKE) -C user

install: install-kmod install-user

install-kmod: kmod
	install -D -m 0644 cvm_evidence.ko $(DESTDIR)$(MODDIR)/cvm_evidence.ko
	$(if $(DESTDIR),,depmod -a $(KVER))

install-user: user
	$(MAKE) -C user install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	install -D -m 0644 include/uapi/linux/cvm_evidence.h \
		$(DESTDIR)$(PREFIX)/include/linux/cvm_evidence.h
	$(MAKE) install-system
	@$(if $(DESTDIR),:,systemctl daemon-reload 2>/dev/null || :)
	@$(if $(DESTDIR),:,systemd-sysusers cvm-evidence.conf 2>/dev/null || \
		getent group cvm-evidence >/dev/null || \
		groupadd --system cvm-evidence)
	@$(if $(DESTDIR),:,udevadm control --reload 2>/dev/null || :)

# What systemd and udev read: the packages put it where their suite has it.
install-system:
	install -D -m 0644 systemd/60-cvm-evidence.rules \
		$(DESTDIR)$(UDEVDIR)/rules.d/60-cvm-evidence.rules
	install -D -m 0644 systemd/cvm-evidence.sysusers \
		$(DESTDIR)/usr/lib/sysusers.d/cvm-evidence.conf
	install -D -m 0644 systemd/cvm-evidence.modules-load \
		$(DESTDIR)/usr/lib/modules-load.d/cvm-evidence.conf
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|/usr/bin/|$(PREFIX)/bin/|' systemd/cvm-evidence-audit.service \
		>$(DESTDIR)$(UNITDIR)/cvm-evidence-audit.service

uninstall:
	$(if $(DESTDIR),,-systemctl disable --now cvm-evidence-audit 2>/dev/null)
	rm -f $(DESTDIR)$(MODDIR)/cvm_evidence.ko \
		$(DESTDIR)$(PREFIX)/include/linux/cvm_evidence.h \
		$(DESTDIR)$(UDEVDIR)/rules.d/60-cvm-evidence.rules \
		$(DESTDIR)/usr/lib/sysusers.d/cvm-evidence.conf \
		$(DESTDIR)/usr/lib/modules-load.d/cvm-evidence.conf \
		$(DESTDIR)$(UNITDIR)/cvm-evidence-audit.service
	$(MAKE) -C user uninstall DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	$(if $(DESTDIR),,-depmod -a $(KVER))

dkms-install:
	@command -v dkms >/dev/null || { \
		echo "dkms is missing (Debian: apt install dkms)" >&2; exit 1; }
	install -d $(DKMSDIR)
	cp -r $(DKMS_FILES) $(DKMSDIR)
	dkms install --force -m cvm-evidence -v $(VERSION) -k $(KVER)

dkms-uninstall:
	dkms remove -m cvm-evidence -v $(VERSION) --all
	rm -rf $(DKMSDIR)

deb:
	packaging/deb $(or $(DEBOUT),deb)

clean:
	rm -f cvm_evidence.ko *.o *.mod *.mod.c .*.cmd modules.order Module.symvers
	rm -f kmod/*.o kmod/.*.cmd
	rm -rf deb
	$(MAKE) -C user clean
	$(MAKE) -C tests/unit clean
	$(MAKE) -C tests/sim clean
	$(MAKE) -C tests/selftests clean
	$(MAKE) -C tests/fuzz clean

# --- tests: scripts do the work, this names them ---

deps:
	@tests/vm/install-deps

check: deps
	@tests/check all

check-user: deps
	@tests/check user

check-vm: deps
	@KERNEL=$(KERNEL) SIM=$(SIM) tests/check vm

check-matrix: deps
	@ALL=1 tests/check vm

check-debug: deps
	@SIM=$(SIM) TESTS="$(TESTS)" tests/check debug

check-kcsan: deps
	@SIM=$(SIM) TESTS="$(TESTS)" tests/check kcsan

check-packages: deps
	@tests/check packages

lint: deps
	@tests/check lint

fuzz: deps
	@tests/fuzz/run

fuzz-kernel: deps
	@tests/fuzz/kernel/run

soak: deps
	@KERNELS="$(KERNELS)" SIMS="$(SIMS)" \
		tests/soak/run $(if $(MINUTES),-t $(MINUTES)) $(if $(SEED),-s $(SEED))

mutants: deps
	@$(MAKE) -s mutants-user
	@tests/mutants/run

mutants-user:
	@tests/mutants/run -j 1 -l tests/mutants/user.list

bench: deps
	@tests/bench/run

demo: deps
	@tests/demo
