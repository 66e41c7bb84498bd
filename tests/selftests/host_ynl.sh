#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_ynl.sh [KERNEL[/SIM]]...: run on the host. Holds the family's spec against
# the kernel's schema, then boots guests that have the kernel's own netlink tools
# (tools/net/ynl of linux-source-6.12, with the machine's python; genl of iproute2)
# and runs ynl.sh there. Last line: "N passed, N failed, N skipped".

set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/lib.sh
. "$here/../vm/lib.sh"

"$vm/install-deps" python3 python3-yaml python3-jsonschema iproute2 ||
	die "no python3 with yaml and jsonschema, or no iproute2"
tools=$(kernel_files kernel-ynl '*/tools/net/ynl/cli.py' '*/tools/net/ynl/lib/*.py' \
	'*/Documentation/netlink/genetlink.yaml') || die "no ynl in the kernel's source"

stage=$(mktemp -d "${TMPDIR:-/tmp}/host-ynl.XXXXXX") || exit 1
trap 'rm -rf "$stage" "$stage".*' EXIT
mkdir "$stage"/{lib,stdlib,modules}
python=$(readlink -f /usr/bin/python3)	# Debian's, whatever else there is
genl=$(PATH=$PATH:/usr/sbin:/sbin command -v genl) || die "iproute2 has no genl"
spec=$top/include/netlink/cvm_evidence.yaml
schema=$tools/Documentation/netlink/genetlink.yaml
cp "$spec" "$stage/"
cp -r "$tools/tools/net/ynl/lib" "$tools/tools/net/ynl/cli.py" "$stage/modules/"
cp "$python" "$stage/python3"
cp "$genl" "$stage/genl.bin"
# what these two need beside the guest's C library, and not over it
for f in $(ldd "$python" "$genl" | grep -oE '/[^ ]+\.so[^ :]*' | sort -u); do
	case $f in
	*/ld-linux* | */libc.so*) ;;
	*) cp -L "$f" "$stage/lib/" ;;
	esac
done
yaml=$("$python" -c 'import os, yaml; print(os.path.dirname(yaml.__file__))') ||
	die "python has no yaml"
# pure Python is enough, and needs no libraries
rsync -a --exclude __pycache__ --exclude '*.so' "$yaml" "$stage/modules/"
# Of Python's own what is loaded for that, which all is when cli.py explains itself
stdlib=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
PYTHONPATH=$stage/modules "$python" -B -S - "$stage/modules/cli.py" --help >"$stage.list" <<'EOT' ||
import contextlib, encodings.ascii, encodings.latin_1, os, runpy, sys, traceback
sys.argv = sys.argv[1:]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(open(os.devnull, "w")):
	runpy.run_path(sys.argv[0], run_name="__main__")
for m in list(sys.modules.values()):
	if getattr(m, "__file__", None):
		print(m.__file__)
EOT
	die "ynl does not load"
sed -n "s|^$stdlib/||p" "$stage.list" | rsync -a --files-from=- "$stdlib/" "$stage/stdlib/" ||
	die "no $stdlib"
# an emulated machine should not compile them at each start; times get lost on the way
"$python" -m compileall -q --invalidation-mode unchecked-hash "$stage/stdlib" \
	"$stage/modules" >/dev/null
for tool in python genl; do
	cat >"$stage/$tool" <<-'EOT'
		#!/bin/sh
		here=/opt/ynl
		export LD_LIBRARY_PATH=$here/lib PYTHONHOME=$here PYTHONDONTWRITEBYTECODE=1
		export PYTHONPATH=$here/modules:$here/stdlib:$here/stdlib/lib-dynload
	EOT
	chmod 755 "$stage/$tool"
done
echo "exec \$here/python3 -S \"\$@\"" >>"$stage/python"
echo "exec \$here/genl.bin \"\$@\"" >>"$stage/genl"

# a Python that is emulated: the oldest and the newest, or with ALL=1 all
[ $# -gt 0 ] || set -- latest/tsm-tdx 6.1/ioctl-snp ${ALL:+6.12/tsm-snp}
echo "KTAP version 1"
echo "1..$(($# + 1))"
passed=0 failed=0 skipped=0 n=1

# schema SPEC: the spec is what the schema wants
schema() {
	PYTHONPATH=$stage/modules "$python" -B -c '
import sys, lib
lib.SpecFamily(*sys.argv[1:])' "$1" "$schema"
}

# a spec that breaks it is refused
sed 's/^protocol: genetlink/protocol: genetlink-to-come/' "$spec" >"$stage.bad"
if schema "$spec" && ! schema "$stage.bad" 2>/dev/null; then
	echo "ok 1 the schema takes the spec"
	passed=1
else
	echo "not ok 1 the schema takes the spec"
	failed=1
fi
for pair; do
	kernel=${pair%%/*} sim=none n=$((n + 1))
	[ "$kernel" = "$pair" ] || sim=${pair#*/}
	"$vm/run" -q -p 1 -t 900 -k "$kernel" -s "$sim" -a "$stage:/opt/ynl" -e GENL=/opt/ynl/genl -- \
		/opt/selftests/run ynl >"$stage.out" 2>&1
	rc=$?
	sed 's/^/    /' "$stage.out"
	read -r p _ f _ s _ < <(grep -E '^[0-9]+ passed, [0-9]+ failed' "$stage.out")
	# all of it skipped is no test at all
	if [ $rc -eq 0 ] && [ "${p:-0}" -gt 0 ]; then
		echo "ok $n ynl on $pair"
	else
		[ "${f:-0}" -gt 0 ] || f=1
		echo "not ok $n ynl on $pair # exit status $rc"
	fi
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
