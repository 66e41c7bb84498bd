# SPDX-License-Identifier: GPL-2.0-only
# bash completion for cvm-evidence

_cvm_evidence() {
	local cur prev verb verbs take opts service evidence
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	verbs='status doctor load get show request attest monitor verify'
	take='--device --provider --privlevel --timeout --fresh --allow-tdreport --event-log
		--service-provider --service-guid --manifest-version
		--tpm-quote --quote-data --pcrs'
	evidence='--evidence --quote --qgs --certs --kds --imds --form --tee-key --save-key
		--runtime-data --runtime-data-type --user-data --init-data --init-data-type
		--policy-id --policy-must-match --nonce --self-nonce --hash --api-version
		--tpm-attestation --tpm --enc-key-pub --enc-key-info --enc-key-signature --tcg-log
		--token-signing-alg --audience --location --additional-evidence --ca --http-timeout --output --help'
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 2 ] && [ "$prev" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
		return
	fi
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs help --help --version" -- "$cur")
		return
	fi
	verb=${COMP_WORDS[1]}

	case $prev in
	--provider)
		mapfile -t COMPREPLY < <(compgen -W 'auto tsm sev-guest tdx-guest vtpm' -- "$cur")
		return ;;
	--privlevel)
		mapfile -t COMPREPLY < <(compgen -W '0 1 2 3' -- "$cur")
		return ;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'blob raw certs json tsm-json cmw-json cmw-cbor' -- "$cur")
		return ;;
	--nonce-hash)
		mapfile -t COMPREPLY < <(compgen -W 'sha256 sha384 sha512' -- "$cur")
		return ;;
	--runtime-data-type | --init-data-type)
		mapfile -t COMPREPLY < <(compgen -W 'json binary' -- "$cur")
		return ;;
	--report-data)
		mapfile -t COMPREPLY < <(compgen -W 'hex: base64: text: file:' -- "$cur")
		compopt -o nospace
		return ;;
	--hash)
		mapfile -t COMPREPLY < <(compgen -W 'sha256 sha384 sha512' -- "$cur")
		return ;;
	--token-signing-alg)
		mapfile -t COMPREPLY < <(compgen -W 'RS256 PS384' -- "$cur")
		return ;;
	--form)
		service=${COMP_WORDS[2]}
		case $service in
		maa) opts='tee azure-guest' ;;
		ita) opts='v2 v1' ;;
		veraison) opts='json cbor cmw' ;;
		cmw) opts='json cbor json-collection cbor-collection' ;;
		*) opts= ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$opts" -- "$cur")
		return ;;
	--device | --output | -o | --certs | --evidence | --quote | --runtime-data | --init-data | \
	--user-data | --challenge | --tee-key | --save-key | --tpm-attestation | --enc-key-pub | \
	--enc-key-info | --enc-key-signature | --tcg-log | --tpm | --open | --sent | --ca | --secret-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
		return ;;
	--root | --crl | --collateral | --manifest | --tpm-quote | --tpm-signature | --pcrs | --ak | \
	--policy | --vcek-for-masked-chip | --cca-key | --corim-key | --ak-cert | --ak-root | --token-root | --reference | --jwks | --token-policy | --additional-evidence)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
		return ;;
	--tcb-status)
		mapfile -t COMPREPLY < <(compgen -W 'UpToDate SWHardeningNeeded ConfigurationNeeded
			ConfigurationAndSWHardeningNeeded OutOfDate OutOfDateConfigurationNeeded
			TDRelaunchAdvised TDRelaunchAdvisedConfigurationNeeded' -- "$cur")
		return ;;
	--token-alg)
		mapfile -t COMPREPLY < <(compgen -W 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512' -- "$cur")
		return ;;
	--ear-status)
		mapfile -t COMPREPLY < <(compgen -W 'affirming warning none' -- "$cur")
		return ;;
	--profile)
		mapfile -t COMPREPLY < <(compgen -W 'azure' -- "$cur")
		return ;;
	--require-platform | --forbid-platform)
		mapfile -t COMPREPLY < <(compgen -W 'smt tsme ecc rapl-disabled ciphertext-hiding
			alias-check tio' -- "$cur")
		return ;;
	--require-policy | --forbid-policy)
		mapfile -t COMPREPLY < <(compgen -W 'smt migrate debug single-socket cxl mem-aes-256-xts
			rapl-disabled ciphertext-hiding page-swap-disabled' -- "$cur")
		return ;;
	--filter)
		mapfile -t COMPREPLY < <(compgen -W 'type= uid= provider= cgroup= comm= errno= pid= reason=' -- "$cur")
		compopt -o nospace
		return ;;
	--exec)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		return ;;
	--timeout | --since | --count | --service-provider | --service-guid | --manifest-version | --nonce | \
	--http | --curl | --api-version | --session | --policy-id | --audience | --location | \
	--endpoint | --http-timeout | --resource | --plugin)
		return ;;
	esac

	case $verb in
	status) opts='--json --device --tpm --help' ;;
	doctor)
		opts='--json --min-tcb --min-tee-tcb --no-evidence --bundle --root --fix --device --tpm --help' ;;
	load) opts='--json --help' ;;
	get) opts="$take --report-data --nonce-hash --format --json --output --force --help" ;;
	show) opts='--json --help' ;;
	request) opts="$take $evidence --challenge --session --http --curl --begin --binding
		--open --sent" ;;
	attest) opts="$take $evidence --endpoint --challenge --session --secret-file --resource --plugin
		--verify --jwks --token-root --token-policy" ;;
	monitor) opts='--json --filter --log --since --exec --count --timeout --wait --help' ;;
	verify) opts='--certs --kds --pcs --ca --root --crl --require-crl --vcek-for-masked-chip --cca-key --corim-key
		--token --jwks --fetch-jwks --token-root --issuer --audience --token-alg --claim --ear-status --max-age
		--collateral --quote --manifest --manifest-vmpl --event-log --reference --explain --tpm-quote
		--tpm-signature --pcrs --ak --ak-cert --ak-root --at --report-data --nonce --no-binding --any-code
		--profile --measurement --id-key-digest --author-key-digest --host-data --family-id
		--image-id --report-id --report-id-ma --chip-id --csp --vmpl --rtmr0 --rtmr1
		--rtmr2 --rtmr3 --mrconfigid --mrowner --mrownerconfig --mrseam --mrservicetd
		--xfam --td-attributes --ppid --platform-instance-id --qe-signer --pcr --min-tcb --rim
		--rem0 --rem1 --rem2 --rem3 --rpv --implementation-id --instance-id --platform-config
		--sw-component
		--min-tee-tcb --min-guest-svn --min-firmware --min-qe-svn --min-pce-svn
		--min-evaluation --min-tcb-date --mit-vector --launch-mit-vector
		--min-policy-abi --require-author-key
		--require-committed-firmware --require-platform --forbid-platform
		--require-policy --forbid-policy --tcb-status --allow-debug --allow-migration
		--allow-sept-ve --policy --json --help' ;;
	*) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$opts" -- "$cur")
	elif [ "$verb" = request ]; then
		mapfile -t COMPREPLY < <(compgen -W 'maa ita kbs coco-as veraison gcp cmw' -- "$cur")
	elif [ "$verb" = attest ]; then
		mapfile -t COMPREPLY < <(compgen -W 'maa ita kbs coco-as veraison gcp' -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
	fi
}

complete -F _cvm_evidence cvm-evidence
