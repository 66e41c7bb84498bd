#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The part of tests/demo that runs in the guest that replays real evidence. Its
# REPORT_DATA is the hash of the claims, so asking for that makes it pass.

set -eu
cvm-evidence request maa --runtime-data /root/claims.json >/root/request.json
cvm-evidence get --nonce-hash sha256 /root/claims.json --format raw |
	cvm-evidence show - | grep -E 'VERSION  |product|REPORT_DATA|REPORTED_TCB|TCB_VERSION|CHIP_ID  ' |
	cut -c 1-110

echo
echo "any other data, and the device does not pass it off as an answer:"
rc=0
cvm-evidence get --report-data text:something-else -o /dev/null || rc=$?
echo "exit status $rc"
[ "$rc" -eq 5 ]

echo "--BEGIN REQUEST"
cat /root/request.json
echo
echo "--END REQUEST"
