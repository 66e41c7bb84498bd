#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The part of tests/demo that runs in the guest with the simulated TEE.

set -eu
say() {
	printf '\n# %s\n' "$*"
}

say "the module loads"
modprobe cvm_evidence
grep cvm_evidence /proc/modules
chgrp cvm-evidence /dev/cvm-evidence
chmod 0660 /dev/cvm-evidence
ls -l /dev/cvm-evidence

say "# shellcheck disable=SC2002 # the line that people will type
cat /dev/cvm-evidence | cvm-evidence show -"
# shellcheck disable=SC2002 # the line that people will type
cat /dev/cvm-evidence | cvm-evidence show - | cut -c 1-110

say "an unprivileged user, in a mount namespace that has only that node"
cat >/tmp/jail.sh <<'EOJ'
set -eu
mount -t tmpfs none /mnt
mkdir -p /mnt/dev /mnt/usr /mnt/lib /mnt/lib64 /mnt/bin /mnt/etc
touch /mnt/dev/cvm-evidence
mount --bind /dev/cvm-evidence /mnt/dev/cvm-evidence
for d in usr lib lib64 bin; do
	[ ! -d /$d ] || mount --bind /$d /mnt/$d
done
exec chroot /mnt setpriv --reuid 1000 --regid 1000 --groups 990 \
	--bounding-set -all --no-new-privs sh -c '
	id
	ls /dev /sys /proc 2>&1
	cvm-evidence get --report-data text:nonce-of-the-verifier --format raw |
		cvm-evidence show - | grep -E "REPORT_DATA|FAMILY_ID|MEASUREMENT" | cut -c 1-110'
EOJ
unshare -m sh /tmp/jail.sh

say "an MAA request from fresh evidence, bound to runtime data"
printf '{"key":"of a TLS server","nonce":"of the client"}' >/tmp/runtime.json
cvm-evidence request maa --runtime-data /tmp/runtime.json >/tmp/request.json
head -c 300 /tmp/request.json
echo "..."
echo "($(wc -c </tmp/request.json) bytes; REPORT_DATA is SHA-256 of the runtime data:"
openssl dgst -sha256 /tmp/runtime.json
echo ")"
