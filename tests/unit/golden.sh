#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What show says of the synthetic evidence, word for word.
. ./lib.sh

for f in golden/*.bin golden/*.cvme golden/*.pem; do
	case $f in
	golden/bad-*) want=5 ;;
	*) want=0 ;;
	esac
	"$tool" show --json "$f" >"$tmp/json" 2>"$tmp/err"
	rc=$?
	"$tool" show - <"$f" >"$tmp/txt" 2>"$tmp/err"
	if [ $rc -ne $want ]; then
		not_ok "$f: status $rc, wanted $want"
	elif ! cmp -s "$tmp/json" "$f.json"; then
		not_ok "$f: JSON differs from $f.json"
	elif ! cmp -s "$tmp/txt" "$f.txt"; then
		not_ok "$f: text differs from $f.txt"
	elif [ $want -eq 5 ] && ! cmp -s "$tmp/err" "$f.err"; then
		not_ok "$f: message differs from $f.err"
	else
		ok "$f"
	fi
done

# what is said of an item never takes the place of its number or name
check 'each item of each blob has a number for a type, and a name' jq -es '
	all(.[].items[]; (.type | type) == "number" and (.name | type) == "string")' \
	golden/blob-*.cvme.json
exit $status
