# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # its variables are for its users
#
# Sourced by the scripts of tests/vm: where things are, how to complain, and a
# private apt that leaves the machine's own lists and packages alone.

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=${vm%/tests/vm}
cache=${CVM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cvm-evidence}
me=${0##*/}
kernels="6.1 6.1-cloud 6.12 latest debug kcsan"

# 125: the harness could not do its work, as opposed to the test that failed.
die() {
	printf '%s: %s\n' "$me" "$*" >&2
	exit 125
}

say() {
	printf '%s: %s\n' "$me" "$*" >&2
}

need_kernel() {
	case " $kernels " in
	*" $1 "*) ;;
	*) die "no kernel '$1': it is one of $kernels" ;;
	esac
}

# hold LOCK: takes the named lock until this shell ends. Several runs may start
# at once; the first one fetches and builds, the others wait for it.
hold() {
	mkdir -p "$cache/lock"
	exec {lock_fd}>"$cache/lock/$1" || die "cannot open $cache/lock/$1"
	flock -n "$lock_fd" || flock "$lock_fd" || die "cannot lock $cache/lock/$1"
}

# What the machine's own apt calls the archive (or its security archive).
mirror_of() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
	awk -v want="$1" '
		$2 !~ /^(bookworm|trixie|stable|oldstable)/ { next }
		want == "security" && $2 ~ /-security/ ||
		want == "main" && $2 !~ /-security/ { print $1; exit }'
}

# vm_apt RELEASE COMMAND...: apt-get (or apt-cache, with the command "cache")
# on lists of its own under the cache.
vm_apt() {
	local dir=$cache/apt/$1 conf
	conf=$dir/apt.conf
	shift
	[ -e "$conf" ] || die "no apt configuration in $dir (vm_apt_setup)"
	if [ "$1" = cache ]; then
		shift
		APT_CONFIG=$conf apt-cache "$@"
	else
		APT_CONFIG=$conf apt-get -q "$@"
	fi
}

# vm_apt_setup RELEASE[-arm64]: writes that configuration and fetches the lists.
vm_apt_setup() {
	local release=${1%-arm64} dir=$cache/apt/$1 main security key arch=amd64
	[ "$release" = "$1" ] || arch=arm64
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$dir/stamp" ] && return
	main=$(mirror_of main)
	security=$(mirror_of security)
	[ -n "$main" ] || die "this machine's apt has no Debian archive configured:" \
		"add one to /etc/apt/sources.list"
	[ -n "$security" ] || die "this machine's apt has no Debian security archive" \
		"configured: add one to /etc/apt/sources.list"
	mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$dir/parts"
	{
		echo "deb [signed-by=$key] $main $release main"
		echo "deb [signed-by=$key] $main $release-updates main"
		echo "deb [signed-by=$key] $security $release-security main"
		[ "$release" = bookworm ] ||
			echo "deb [signed-by=$key] $main $release-backports main"
	} >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-EOC
		APT::Architecture "$arch";
		APT::Architectures "$arch";
		Dir::State "$dir";
		Dir::State::lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir";
		Dir::Cache::archives "$dir/archives";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "$dir/parts";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "3";
	EOC
	: >"$dir/status"
	say "fetching the package lists of $release"
	vm_apt "$1" update >"$dir/update.log" 2>&1 ||
		{ cat "$dir/update.log" >&2; die "apt-get update for $release failed"; }
	: >"$dir/stamp"
}

# deb_of PACKAGE DIR: the newest file of that package in DIR.
deb_of() {
	find "$2/" -maxdepth 1 -name "$1_*.deb" | sort -V | tail -n 1
}

# download_deb RELEASE PACKAGE[=VERSION] DIR
download_deb() {
	mkdir -p "$3"
	(cd "$3" && vm_apt "$1" download "$2") >"$3/download.log" 2>&1 || {
		cat "$3/download.log" >&2
		die "cannot download $2"
	}
}

# kernel_source: the package linux-source-6.12 in the cache; fetches it once. Call
# it with the lock kernel-source held.
kernel_source() {
	local deb
	deb=$(deb_of linux-source-6.12 "$cache/debs")
	if [ -z "$deb" ]; then
		vm_apt_setup bookworm
		download_deb bookworm linux-source-6.12 "$cache/debs"
		deb=$(deb_of linux-source-6.12 "$cache/debs")
	fi
	echo "$deb"
}

# kernel_files DIR PATTERN...: those of linux-source-6.12 that match, in DIR of the
# cache, once; prints where that is.
kernel_files() {
	local dir=$cache/$1 deb
	shift
	[ ! -e "$dir" ] || { echo "$dir"; return; }
	# not the lock of debug-kernel: that one is held for as long as a kernel builds
	hold kernel-source
	[ ! -e "$dir" ] || { echo "$dir"; return; }
	deb=$(kernel_source) || return
	rm -rf "$dir.new"
	mkdir -p "$dir.new"
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO --wildcards './usr/src/linux-source-*.tar.xz' | xz -dc -T0 |
		tar -x -C "$dir.new" --strip-components=1 --wildcards "$@" &&
		mv "$dir.new" "$dir" && echo "$dir"
}

# copy_module_sources DIR: what the build of the module reads. Only files that
# differ are written, so that make sees what changed; products stay.
copy_module_sources() {
	rsync -rlpc --delete --prune-empty-dirs --exclude='*.mod.c' \
		--include='*/' --include='*.[chS]' --include=Kbuild --exclude='*' \
		"$top/Kbuild" "$top/kmod" "$top/include" "$1/"
}
