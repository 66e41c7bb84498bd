# SPDX-License-Identifier: GPL-2.0-only
# bash completion for cvm-evidence

_cvm_evidence() {
	local cur prev verb verbs take opts
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	verbs='status load get show request monitor'
	take='--device --provider --privlevel --timeout --fresh --event-log
		--service-provider --service-guid --manifest-version'
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$cur")
		return
	fi
	verb=${COMP_WORDS[1]}

	case $prev in
	--provider)
		mapfile -t COMPREPLY < <(compgen -W 'auto tsm sev-guest tdx-guest' -- "$cur")
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
	--device | --output | -o | --certs | --evidence | --quote | --runtime-data | --init-data)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
		return ;;
	--filter)
		mapfile -t COMPREPLY < <(compgen -W 'type= uid= provider= cgroup= comm= errno= pid=' -- "$cur")
		compopt -o nospace
		return ;;
	--exec)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		return ;;
	--timeout | --since | --count | --service-provider | --service-guid | --manifest-version | --nonce | \
	--http | --curl | --api-version)
		return ;;
	esac

	case $verb in
	status) opts='--json --device --help' ;;
	load) opts='--json --help' ;;
	get) opts="$take --report-data --nonce-hash --format --json --output --force --help" ;;
	show) opts='--json --help' ;;
	request) opts="$take --runtime-data --runtime-data-type --self-nonce --evidence --quote
		--certs --nonce --init-data --init-data-type --http --curl --api-version
		--output --help" ;;
	monitor) opts='--json --filter --log --since --exec --count --timeout --wait --help' ;;
	*) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$opts" -- "$cur")
	elif [ "$verb" = request ]; then
		mapfile -t COMPREPLY < <(compgen -W 'maa' -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
	fi
}

complete -F _cvm_evidence cvm-evidence
