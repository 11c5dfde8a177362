#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what a group of targets needs, on Debian and its kin; do nothing where all is there.
set -u

usage() {
    cat <<'TEXT'
usage: tools/install_dependencies.sh [--check] GROUP...

Groups:
  build      compile the library and the command
  test       all tests: sanitizers, valgrind, coverage
  bench      the benchmark, and those of its peers that this system has packages of
  glusterfs  a cluster of GlusterFS on this machine, to run on the library

As root, installs what is missing. Otherwise prints the command that would.
--check: install nothing; exit 1 and print the command where something is missing.
TEXT
}

missing=''          # packages to install
missing_optional='' # likewise, but of no harm where the system does not have them

installed() { # PACKAGE
    dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# need PACKAGE COMMAND...: the package is missing unless the command succeeds.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

# want PACKAGE...: names of one optional thing over the years; one of them is enough.
want() {
    for package in "$@"; do
        installed "$package" && return
    done
    missing_optional="$missing_optional $(echo "$@" | tr ' ' '|')"
}

# shellcheck disable=SC2317
links_a_program() { # COMPILER FLAG...
    echo 'int main(void) { return 0; }' | "$@" -x c -o /dev/null -
}

need_group() {
    case $1 in
    build)
        need gcc command -v gcc
        need libc6-dev links_a_program gcc
        need meson command -v meson
        need ninja-build command -v ninja
        need pkg-config command -v pkg-config
        need libzstd-dev pkg-config --exists libzstd
        need libdw-dev pkg-config --exists libdw libelf
        need libjansson-dev pkg-config --exists jansson
        need libncurses-dev pkg-config --exists ncursesw
        need libmicrohttpd-dev pkg-config --exists libmicrohttpd
        want systemtap-sdt-dev
        ;;
    test)
        need_group build
        need g++ command -v g++
        need clang command -v clang
        need libclang-rt-dev links_a_program clang -fsanitize=thread
        need libcmocka-dev pkg-config --exists cmocka
        need valgrind command -v valgrind
        # Stops at the probes; its gcore writes core files.
        want gdb
        need libc6-dbg valgrind -q true
        need python3 command -v python3
        need binutils command -v nm
        need util-linux command -v setarch
        need gcovr command -v gcovr
        need mandoc command -v mandoc
        # For pages in a real browser.
        want chromium chromium-browser
        # A terminal for `mempool top` to be in.
        want tmux
        # The libraries that adapters are for.
        need libsqlite3-dev pkg-config --exists sqlite3
        need libuv1-dev pkg-config --exists libuv
        need libjansson-dev pkg-config --exists jansson
        need libcjson-dev pkg-config --exists libcjson
        need libcurl4-openssl-dev pkg-config --exists libcurl
        need libssl-dev pkg-config --exists openssl
        need libexpat1-dev pkg-config --exists expat
        need zlib1g-dev pkg-config --exists zlib
        need liblua5.4-dev pkg-config --exists lua5.4
        need libevent-dev pkg-config --exists libevent
        # Others' readers of what we write.
        want prometheus
        want golang-go
        want google-perftools
        want python3-jsonschema
        ;;
    bench)
        need_group build
        need valgrind command -v valgrind
        need python3 command -v python3
        want libjemalloc2
        want libmimalloc3 libmimalloc2.1 libmimalloc2.0
        want libtcmalloc-minimal4t64 libtcmalloc-minimal4
        want libglusterfs0t64 libglusterfs0
        ;;
    glusterfs)
        need python3 command -v python3
        need glusterfs-server command -v glusterd
        need glusterfs-client command -v glusterfs
        need fio command -v fio
        # For shares of processor time, of the comparison.
        want linux-perf
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
}

# The first name of each optional thing that the package lists know.
known_optional() {
    for names in $missing_optional; do
        for package in $(echo "$names" | tr '|' ' '); do
            if apt-cache show "$package" >/dev/null 2>&1; then
                printf ' %s' "$package"
                break
            fi
        done
    done
}

# Programs are wanted, not services: what a package would start (see invoke-rc.d(8)) is not started.
policy=/usr/sbin/policy-rc.d

install() { # PACKAGE...
    echo "installing: $*"
    made_policy=no
    if [ ! -e "$policy" ] && printf '#!/bin/sh\nexit 101\n' >"$policy" 2>/dev/null; then
        made_policy=yes
        chmod +x "$policy"
        trap 'rm -f "$policy"; exit 1' INT TERM HUP
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null
    status=$?
    if [ "$made_policy" = yes ]; then
        rm -f "$policy"
        trap - INT TERM HUP
    fi
    return $status
}

check_only=no
[ $# -gt 0 ] || { usage >&2; exit 2; }
for argument in "$@"; do
    case $argument in
    -h | --help)
        usage
        exit 0
        ;;
    --check) check_only=yes ;;
    *) need_group "$argument" ;;
    esac
done
# Each once, without stray blanks: two groups may have named one package.
missing=$(echo "$missing" | tr ' ' '\n' | sort -u | xargs)
[ -n "$missing$missing_optional" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    [ -n "$missing" ] || exit 0
    echo "missing, by the names of Debian's packages: $missing" >&2
    echo 'There is no apt-get here: install what they hold by other means.' >&2
    exit 1
fi
if [ "$check_only" = yes ] || [ "$(id -u)" -ne 0 ]; then
    packages=$(echo "$missing $(known_optional)" | xargs)
    [ -n "$packages" ] || exit 0
    echo "missing packages: $packages" >&2
    echo 'Install them with:' >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends $packages" >&2
    [ -z "$missing" ] && exit 0
    exit 1
fi
# Optional things that no package list knows are not a reason to fetch the lists anew each time.
if [ -n "$missing$(known_optional)" ] || ! apt-cache show gcc >/dev/null 2>&1; then
    apt-get update </dev/null || echo 'apt-get update failed: trying with the lists as they are' >&2
fi
optional=$(known_optional)
if [ -n "$optional" ]; then
    # shellcheck disable=SC2086
    install $optional || echo 'optional packages could not be installed: going on without' >&2
fi
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086
install $missing && exit 0
echo "These packages could not be installed: $missing" >&2
exit 1
