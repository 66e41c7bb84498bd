#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_system.sh [KERNEL]: run on the host, as root. Boots a Debian with systemd and
# udev in which `make install` has been, and runs tests/vm/guest/system there: the
# module loaded at boot, group and node, the audit unit in the journal. Last line:
# "N passed, N failed, N skipped".

set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/lib.sh
. "$here/../vm/lib.sh"
kernel=${1:-6.12}
sim=tsm-snp
[ "$kernel" != 6.1 ] || sim=ioctl-snp
seconds=600	# of a busy host
tmp=$(mktemp -d "${TMPDIR:-/tmp}/host-system.XXXXXX") || exit 1
qemu=
# shellcheck disable=SC2317 # by trap
cleanup() {
	[ -z "$qemu" ] || { kill "$qemu"; wait "$qemu"; } 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

"$vm/chroot" system-bookworm || exit 125
dir=$("$vm/fetch" "$kernel") || exit 125
# the user land and its init come from Debian here
layers=$("$vm/image" "$kernel" | grep -v '/base-') || exit 125
root=$cache/chroot/system-bookworm
key=$({ cat "$root/stamp"; stat -c %Y "$root/stamp"; } | sha256sum | cut -c1-16)
base=$cache/image/system-$key
if [ ! -e "$base" ]; then
	(hold image
	cd "$root" && find . -mindepth 1 \( -path './usr/share/doc' -o -path './usr/share/man' -o \
		-path './usr/share/locale' -o -path './var/cache' -o -path './var/lib/apt' -o \
		-path './var/lib/dpkg' -o -path './proc/*' -o -path './dev/*' \) -prune -o -print |
		cpio -o -H newc --quiet >"$base.$$" && mv "$base.$$" "$base") || exit 125
fi

stage=$tmp/stage
make -s -C "$top" install-user DESTDIR="$stage" PREFIX=/usr >"$tmp/install.log" 2>&1 || {
	cat "$tmp/install.log"
	exit 125
}
# /lib is /usr/lib there
cp -a "$stage/lib/." "$stage/usr/lib/" && rm -rf "${stage:?}/lib"
install -D -m 755 "$vm/guest/system" "$stage/opt/system"
mkdir -p "$stage/etc/systemd/system/multi-user.target.wants"
cat >"$stage/etc/systemd/system/proof.service" <<EOF
[Unit]
After=systemd-modules-load.service systemd-udev-settle.service
Wants=systemd-udev-settle.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/opt/system $sim >/dev/ttyS1 2>&1; echo "status \$\$?" >/dev/ttyS1'
ExecStopPost=/bin/systemctl poweroff -ff
TimeoutStartSec=infinity
EOF
ln -s ../proof.service "$stage/etc/systemd/system/multi-user.target.wants/proof.service"
ln -s multi-user.target "$stage/etc/systemd/system/default.target"
(cd "$stage" && find . -mindepth 1 | cpio -o -H newc -R 0:0 --quiet) >"$tmp/stage.cpio" || exit 125
# shellcheck disable=SC2086 # a list of files
cat "$base" $layers "$tmp/stage.cpio" >"$tmp/initrd" || exit 125
rm -rf "$stage" "$tmp/stage.cpio"

qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 1536 \
	-nodefaults -no-user-config -display none -no-reboot -nic none \
	-kernel "$dir/vmlinuz" -initrd "$tmp/initrd" \
	-append "console=ttyS0 loglevel=5 panic=-1 rdinit=/lib/systemd/systemd mitigations=off cryptomgr.notests=1
		systemd.show_status=0 random.trust_cpu=on" \
	-serial "file:$tmp/console" -serial "file:$tmp/out" >"$tmp/qemu.log" 2>&1 </dev/null &
qemu=$!
end=$((SECONDS + seconds))
while kill -0 "$qemu" 2>/dev/null && [ $SECONDS -lt $end ]; do
	sleep 0.2
done
kill "$qemu" 2>/dev/null
wait "$qemu" 2>/dev/null
qemu=

tr -d '\r' <"$tmp/out" >"$tmp/ktap"
grep -v '^status ' "$tmp/ktap"
passed=$(grep '^ok ' "$tmp/ktap" | grep -vc '# SKIP')
skipped=$(grep -c '^ok .*# SKIP' "$tmp/ktap")
failed=$(grep -c '^not ok ' "$tmp/ktap")
if ! grep -q '^status 0$' "$tmp/ktap"; then
	[ "$failed" -gt 0 ] || failed=1
	echo "# the guest's console, its last lines:"
	tail -n 40 "$tmp/console" "$tmp/qemu.log" | sed 's/^/# /'
fi
if ! tr -d '\r' <"$tmp/console" | "$vm/findings" >"$tmp/findings"; then
	failed=$((failed + 1))
	echo "not ok the kernel's log"
	sed 's/^/# /' "$tmp/findings"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
