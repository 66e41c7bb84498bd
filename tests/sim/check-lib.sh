# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034 # its variables are for its users
#
# Sourced by the simulator's own tests in the guest: KTAP, bytes, signatures.

tmp=$(mktemp -d)
n=0
failed=0
roots=/opt/sim/roots

ok() {	# ok TEXT COMMAND...: the command must succeed
	text=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		sed 's/^/# /' "$tmp/log"
		failed=1
	fi
}

is() {	# is TEXT WANTED GOT
	ok "$1" [ "$2" = "$3" ]
	[ "$2" = "$3" ] || printf '# wanted: %s\n# got:    %s\n' "$2" "$3"
}

skip() {	# skip TEXT REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

bytes() {	# bytes FILE OFFSET COUNT: hex
	tail -c +$(($2 + 1)) "$1" | head -c "$3" | od -An -v -tx1 | tr -d ' \n'
}

hash() {	# hash ALGORITHM FILE OFFSET COUNT
	tail -c +$(($3 + 1)) "$2" | head -c "$4" | openssl dgst "-$1" -r | cut -d' ' -f1
}

size() { wc -c <"$1" | tr -d ' '; }

# The signature of an SNP report by a certificate.
# shellcheck disable=SC2317 # called by ok
snp_signed() {	# snp_signed REPORT CERT
	head -c 672 "$1" >"$tmp/signed"
	r=$(bytes "$1" 672 48 | sed 's/../& /g' | tr ' ' '\n' | tac | tr -d '\n')
	s=$(bytes "$1" 744 48 | sed 's/../& /g' | tr ' ' '\n' | tac | tr -d '\n')
	printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "$r" "$s" >"$tmp/sig.cnf"
	openssl asn1parse -genconf "$tmp/sig.cnf" -noout -out "$tmp/sig" &&
		openssl x509 -in "$2" -pubkey -noout >"$tmp/pub" &&
		openssl dgst -sha384 -verify "$tmp/pub" -signature "$tmp/sig" "$tmp/signed"
}

done_testing() {	# the plan; the status is whether all was well
	echo "1..$n"
	rm -rf "$tmp"
	exit $failed
}
