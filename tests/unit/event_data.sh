#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The data of events against their digests: events that are made by each type's rule, and
# the logs of real machines as they are and with a byte of an event changed.
. ./lib.sh

# what verify $1 says of the log $2: measured, partly (of no event all), differs or free
said() {
	"$1" verify --no-binding --any-code --event-log "$2" golden/tdx-v4.bin 2>/dev/null |
		sed -n -E 's/^    event log, data +passed +of 0 events .*of [1-9][0-9]* a part .*/partly/p
			s/^    event log, data +(passed|failed|not checked) .*/\1/p' |
		sed 's/passed/measured/; s/failed/differs/; s/not checked/free/'
}

while IFS=$'\t' read -r file want what; do
	have=$(said "$tool" "$file")
	if [ "$have" = "$want" ]; then ok "$what: $want"; else not_ok "$what: '$have', want $want"; fi
done < <(python3 event_data.py made "$tmp")

logs=()
for dir in "$VECTORS" "$VECTORS2"; do
	[ ! -f "$dir/MANIFEST.tsv" ] || while read -r file; do
		logs+=("$dir/$file")
	done < <(awk -F'\t' '$2 == "ccel-eventlog" { print $1 }' "$dir/MANIFEST.tsv")
done
[ ${#logs[@]} -gt 0 ] || echo 'skip the logs of real machines: VECTORS is not here'
for log in "${logs[@]}"; do
	name=${log##*/}
	# a log of a vTPM in the set has no SHA-384
	have=$(said "$plain" "$log")
	if [ -z "$have" ] && "$plain" verify --no-binding --any-code --event-log "$log" golden/tdx-v4.bin 2>/dev/null |
			grep -q 'register that a TD does not have\|has no SHA-384 digest'; then
		ok "$name: no log of a TD"
		continue
	fi
	if [ "$have" = measured ]; then ok "$name: as it is"; else not_ok "$name: '$have', want measured"; fi
	while IFS=$'\t' read -r file want what; do
		have=$(said "$plain" "$file")
		if [ "$have" = "$want" ]; then ok "$name: $what changed"; else not_ok "$name: $what: '$have'"; fi
	done < <(python3 event_data.py changed "$log" "$tmp")
done
exit $status
