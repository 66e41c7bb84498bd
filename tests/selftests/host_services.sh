#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_services.sh [SIM]...: run on the host. The servers of tests/servers give
# their challenges; a guest that is each SIM (azure-snp azure-tdx tsm-snp tsm-tdx
# ioctl-snp ioctl-tdx) in turn takes fresh evidence for them and prints the
# requests, whole HTTP messages; the host carries them to the servers, which verify
# them, also with bits changed. No service takes a TDREPORT: what lacks a quote
# leaves the guest as a blob, and the request is made of it here with the quote of a
# host's service; without one the tool refuses to make it. Last line: "N passed, N
# failed, N skipped".

set -u
here=$(cd "$(dirname "$0")" && pwd)
servers=$(cd "$here/../servers" && pwd)
tool=$here/../../user/cvm-evidence
tmp=$(mktemp -d "${TMPDIR:-/tmp}/host-services.XXXXXX") || exit 1
# shellcheck source=tests/servers/lib.sh
. "$servers/lib.sh"
trap 'stop_servers; rm -rf "$tmp"' EXIT
export PYTHONPYCACHEPREFIX=$tmp/pycache
passed=0 failed=0 skipped=0 n=0
json='Content-Type: application/json'
session='Accept: application/vnd.veraison.challenge-response-session+json'
nonce=$(printf %064d 42)	# of every challenge of Google's

result() {	# result STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $n $2"
	else
		failed=$((failed + 1))
		echo "not ok $n $2"
	fi
}

# --- what the guest is to do: a line each, NAME and the arguments ---

plan() {
	printf '%s\t%s\n' "$1" "$2" >>"$in/plan"
}

# Challenges of all services, fresh for each SIM, into $in
challenges() {
	local tee=$1 f place=/v1/projects/p/locations/us-central1
	mkdir -p "$in"
	printf '%s' '{"keys":[],"nonce":"of the relying party"}' >"$in/rd"
	printf 'a nonce of mine' >"$in/raw"
	cp "$tmp/tee.pem" "$tmp/tpm.json" "$tmp/certs.pem" "$in"
	ask GET /appraisal/v2/nonce '' 'Accept: application/json' 'x-api-key: key-of-the-test' | body >"$in/ita"
	ask POST /kbs/v0/auth '{"version":"0.4.0","tee":"'"$tee"'","extra-params":""}' "$json" >"$tmp/answer"
	body <"$tmp/answer" >"$in/kbs"
	cookie=$(header Set-Cookie <"$tmp/answer" | sed 's/;.*//')
	[ "$tee" = snp ] || return 0
	for f in json cbor cmw; do
		ask POST '/challenge-response/v1/newSession?nonceSize=64' '' "$session" >"$tmp/answer"
		body <"$tmp/answer" >"$in/veraison-$f"
		header Location <"$tmp/answer" >"$in/location-$f"
	done
	ask POST $place/challenges '{}' "$json" 'Authorization: Bearer token-of-the-test' | body >"$in/gcp"
}

plan_snp() {
	local f
	plan maa '--runtime-data rd'
	plan ita '--challenge ita --user-data rd'
	plan kbs "--challenge kbs --tee-key tee.pem --session $cookie"
	plan coco-as '--runtime-data rd'
	plan gcp '--challenge gcp --tpm-attestation tpm.json'
	for f in json cbor cmw; do
		plan veraison "--form $f --challenge veraison-$f --session $(cat "$in/location-$f")"
	done
	for f in json cbor json-collection cbor-collection; do
		plan cmw "--form $f --challenge raw"
	done
}

plan_tdx() {
	local f
	plan maa '--runtime-data rd'
	for f in v1 v2; do
		plan ita "--form $f --challenge ita --user-data rd"
	done
	plan kbs "--challenge kbs --tee-key tee.pem --session $cookie"
	plan coco-as '--runtime-data rd'
	for f in json cbor json-collection cbor-collection; do
		plan cmw "--form $f --challenge raw"
	done
}

# The paravisor's host gives no certificates to the guest: they come by IMDS.
plan_azure() {
	local with=${1:+ $1}
	plan maa "--runtime-data rd$with"
	plan ita "--challenge ita --user-data rd$with"
	plan kbs "--challenge kbs --tee-key tee.pem --session $cookie$with"
	plan coco-as "--runtime-data rd$with"
}

# In the guest: every line of the plan, the request or the blob in base64. Where
# there is only a TDREPORT, the tool says so before and after it took one.
cat >"$tmp/guest" <<'EOT'
is=$1
shift

# become SIM: the module, too, begins anew
become() {
	[ "$1" != "$is" ] || return 0
	is=
	[ ! -d /sys/module/cvm_evidence ] || rmmod cvm_evidence || return 1
	[ ! -e /run/cvm-sim/driver ] || /opt/sim/ctl stop || return 1
	/opt/sim/start "$1" </dev/null || return
	modprobe cvm_evidence || return 1
	is=$1
}

# refused WHAT STATUS TEXT COMMAND...: it says TEXT, and makes no request
refused() {
	what=$1 want=$2 text=$3
	shift 3
	rm -f out
	"$@" -o out 2>err </dev/null
	rc=$?
	[ $rc -eq "$want" ] && [ ! -e out ] && grep -q -e "$text" err
	echo "--- $? $name $what"
	echo "# status $rc"
	sed 's/^/# /' err
}

# one of each service
refuses() {
	http='--http 127.0.0.1'
	[ "$name" != cmw ] || http=
	# shellcheck disable=SC2086
	[ -z "$allow" ] || refused "asks whether to take a TDREPORT" 3 "tdx-guest: .*$allow accepts it" \
		cvm-evidence request $name $args $http
	# shellcheck disable=SC2086
	refused "takes no TDREPORT without a quote of it" 5 "a TDREPORT, .* quoting service" \
		cvm-evidence request $name $args $allow $http
}

requests() {
	cd "/root/in/$1" || return 1
	how=$(cat how) allow='' before=''
	[ -e /dev/tpm0 ] || allow=--allow-tdreport
	while IFS='	' read -r name args; do
		rm -f out
		if [ "$how" = blob ]; then
			[ "$name" = "$before" ] || refuses
			before=$name
			rm -f out
			# shellcheck disable=SC2086
			cvm-evidence request $name $args --binding >binding 2>err &&
				{ [ -z "$allow" ] || sed -i 's/"quote_data":"[^"]*",//' binding; } &&
				data=$(jq -r .report_data binding) quote=$(jq -r '.quote_data // empty' binding) &&
				cvm-evidence get $allow --report-data "hex:$data" -o out \
					${quote:+--tpm-quote --quote-data "hex:$quote"} 2>>err
		else
			http='--http 127.0.0.1'
			[ "$name" != cmw ] || http=
			# shellcheck disable=SC2086
			cvm-evidence request $name $args $http -o out 2>err </dev/null
		fi
		echo "=== $? $name $args"
		sed 's/^/# /' err
		[ ! -s out ] || base64 -w 0 out
		echo
	done <plan
}

for sim; do
	become "$sim" >/run/become 2>&1
	rc=$?
	echo "+++ $rc $sim"
	sed 's/^/# /' /run/become
	[ $rc -ne 0 ] || requests "$sim"
done
EOT

# --- what came back ---

# accepted SIM NAME ARGS FILE: the service takes it; FILE is a whole message
accepted() {
	local name=$2 what status
	what="$1: $2$(grep -o -- ' --form [a-z0-9-]*' <<<" $3")"
	if [ "$name" = cmw ]; then
		"$servers/read_cmw.py" "$4" "$in/raw" "${roots[@]}" >"$tmp/answer" 2>&1
		result $? "$what is read and verified"
		return
	fi
	# the tool leaves secrets to the shell
	sed "s/\${TRUSTAUTHORITY_API_KEY}/key-of-the-test/; s/\${CLOUDSDK_AUTH_ACCESS_TOKEN}/token-of-the-test/" \
		"$4" >"$tmp/whole"
	send "$tmp/whole" >"$tmp/answer"
	status=$(head -n 1 "$tmp/answer" | cut -d' ' -f2)
	body <"$tmp/answer" >"$tmp/body"
	case $name in
	veraison) jq -j '.result // empty' "$tmp/body" 2>/dev/null ;;
	coco-as) cat "$tmp/body" ;;
	*) jq -j '.token // .oidcClaimsToken // empty' "$tmp/body" 2>/dev/null ;;
	esac >"$tmp/token"
	claims_of "$tmp/token" >"$tmp/claims"
	# of this simulated machine, and affirmed where the service says such a thing
	[ "$status" = 200 ] && grep -q '"simulated":true' "$tmp/claims" &&
		! grep -q '"ear.status":"contraindicated"' "$tmp/claims"
	status=$?
	[ $status -eq 0 ] || head -c 400 "$tmp/answer" | sed 's/^/# /'
	result $status "$what is accepted"
}

# The blob of a TDREPORT, completed by the quoting service of the host.
complete() {
	local name=$1 http_=$http args
	read -ra args <<<"$2"
	[ "$name" = cmw ] && http_= || http_="127.0.0.1"
	(cd "$in" && "$tool" request "$name" "${args[@]}" --evidence "$3" \
		--imds="http://127.0.0.1:$http" ${http_:+--http "$http_"} -o "$4") 2>"$tmp/err"
}

# judge SIM: what the guest printed as this one
judge() {
	local sim=$1 how rc status name args what refusals=0
	in=$tmp/in/$sim
	how=$(cat "$in/how")
	sed -n "/^+++ [0-9]* $sim\$/,/^+++/p" "$tmp/stdout" >"$tmp/said"
	rc=$(sed -n "s/^+++ \([0-9]*\) $sim\$/\1/p" "$tmp/said")
	if [ "$rc" = 77 ]; then
		n=$((n + 1)) skipped=$((skipped + 1))
		echo "ok $n $sim # SKIP $(sed -n '2s/^# //p' "$tmp/said")"
		return
	fi
	[ "$rc" = 0 ] || grep '^#' "$tmp/said"
	result "${rc:-1}" "$sim: the simulated TEE"
	while read -r _ status name what; do
		[ "$status" -eq 0 ] ||
			sed -n "\|^--- $status $name $what\$|,/^[-=+]/{/^#/p}" "$tmp/said"
		result "$status" "$sim: $name $what"
	done < <(grep '^--- ' "$tmp/said")
	while read -r _ status name args; do
		sed -n "\|^=== $status $name $args\$|,/^[-=+]/{/^#/p;/^[A-Za-z0-9+\/]/p}" "$tmp/said" |
			grep -v '^+++' >"$tmp/part"
		if [ "$status" -ne 0 ]; then
			cat "$tmp/part"
			result 1 "$sim: $name $args"
			continue
		fi
		grep -v '^#' "$tmp/part" | tr -d '\n' | base64 -d >"$tmp/message"
		if [ "$how" = blob ]; then
			cp "$tmp/message" "$tmp/blob"
			if ! complete "$name" "$args" "$tmp/blob" "$tmp/message"; then
				sed 's/^/# /' "$tmp/err"
				result 1 "$sim: $name of the blob and a quote"
				continue
			fi
		fi
		accepted "$sim" "$name" "$args" "$tmp/message"
	done < <(grep '^=== ' "$tmp/said")
	case $sim in
	ioctl-tdx) refusals=2 ;;
	azure-tdx) refusals=1 ;;
	esac
	[ "$(grep -c '^=== ' "$tmp/said")" -eq "$(wc -l <"$in/plan")" ] &&
		[ "$(grep -c '^--- ' "$tmp/said")" -eq \
			$((refusals * $(cut -f 1 "$in/plan" | uniq | wc -l))) ]
	result $? "$sim: every request was made"
}

# --- ---

make -s -C "$here/../sim" >&2 && make -s -C "$here/../../user" >&2 || exit 1
"$here/../sim/cvm-simtee" --dump "$tmp/sim" >/dev/null
cat "$tmp"/sim/roots/{vcek,ask,ark}-milan.pem >"$tmp/certs.pem"
openssl ecparam -name prime256v1 -genkey -noout -out "$tmp/tee.pem"
"$servers/mint.py" "$tmp"
"$servers/tpm_part.py" "$nonce" "$tmp/ak.pem" >"$tmp/tpm.json"
roots=("$tmp/sim/roots" "$tmp/vtpm-root.der")
echo key-of-the-test >"$tmp/api-key"
echo token-of-the-test >"$tmp/access-token"
serve main --gcp-nonce "$nonce" --flip 509 --api-key "$tmp/api-key" --access-token "$tmp/access-token"

[ $# -gt 0 ] || set -- azure-snp azure-tdx tsm-snp tsm-tdx ioctl-snp ioctl-tdx
echo "KTAP version 1"
for sim; do
	in=$tmp/in/$sim how=http
	case $sim in
	tsm-snp | ioctl-snp)
		challenges snp
		plan_snp
		;;
	tsm-tdx)
		challenges tdx
		plan_tdx
		;;
	ioctl-tdx)
		challenges tdx
		plan_tdx
		how=blob
		;;
	azure-snp)
		challenges az-snp-vtpm
		plan_azure '--certs certs.pem'
		;;
	azure-tdx)
		challenges az-tdx-vtpm
		plan_azure
		how=blob
		;;
	esac
	echo $how >"$in/how"
done
# a guest that was azure-* at first has what the others need, and more
first=$1
for sim; do
	case $sim in
	azure-*) first=$sim; break ;;
	esac
done
"$here/../vm/run" -q -p 1 -s "$first" -t 900 -a "$tmp/in" -a "$tmp/guest" -- \
	sh /root/guest "$first" "$@" >"$tmp/raw" 2>"$tmp/stderr"
rc=$?
tr -d '\r' <"$tmp/raw" >"$tmp/stdout"
[ $rc -eq 0 ] || tail -n 20 "$tmp/stderr" | sed 's/^/# /'
result $rc "the guest"
for sim; do
	judge "$sim"
done
grep '"flips"' "$log" >"$tmp/flips" && ! grep '"survived": \["' "$tmp/flips"
result $? "none was accepted with a bit changed, $(grep -o '"flips": [0-9]*' "$tmp/flips" |
	awk '{ s += $2 } END { print s }') tries"
echo "1..$n"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
