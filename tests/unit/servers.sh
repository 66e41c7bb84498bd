#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# servers.sh EVERY: the servers of attest.sh judged by themselves, a bit of every
# EVERY-th byte changed, and by real evidence. With 1 it takes minutes.
cd "$(dirname "$0")/../servers" || exit 1
export PYTHONPYCACHEPREFIX=${OUT:?}/pycache
[ -x ../sim/cvm-simtee ] || make -s -C ../sim >&2
SIMTEE=$(mktemp) || exit 1
trap 'rm -f "$SIMTEE"' EXIT
install -m 755 ../sim/cvm-simtee "$SIMTEE"	# its keys are those of a build, which may happen meanwhile
export SIMTEE
status=0
if [ "$1" -gt 20 ]; then
	./t_servers.py "$1" || status=1
else
	./t_servers.py "$1" kbs veraison gcp >"$OUT/servers.1" &
	./t_servers.py "$1" maa coco-as ita || status=1
	wait $! || status=1
	cat "$OUT/servers.1"
fi
./t_vectors.py "${VECTORS:?}" || status=1
exit $status
