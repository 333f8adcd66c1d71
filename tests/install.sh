#!/bin/sh
# Installs what `make check` needs apart from Rust: Python's venv, Node and npm, Chromium, fonts, PostgreSQL, valgrind, a
# compiler for the browser. Looks for each on its own, installs only what is missing, from the system's packages, as root on
# Debian and its relatives, and says what it does. Where something cannot be installed it says what to do and fails, before
# the first long step.
#
#   tests/install.sh                  all of it
#   tests/install.sh python postgres  these alone
#
# PostgreSQL, valgrind and the compiler for the browser may be missing: without them the store is tested with SQLite, the C
# library as it runs and the verifier for the browser not at all, and `make check` says so at its end. CHROMIUM names the
# browser where it is not `chromium`.
set -u

missing=0
updated=

say() { echo "install: $*"; }

# What has to be there and is not, and what to do.
lacking() {
    say "MISSING: $1: $2"
    missing=1
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Installs packages, one command for each, so that one that does not fit keeps no other away.
install() {
    may_install || return 1
    if [ -z "$updated" ]; then
        say "reading the lists of packages"
        apt-get update -qq || return 1
        updated=yes
    fi
    # What would remove a package that somebody chose is not done.
    if ! plan=$(apt-get install -s "$@" 2>&1) || echo "$plan" | grep -q '^Remv '; then
        say "the package $* does not fit what is installed"
        return 1
    fi
    say "installing $* from the system's packages"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

has_python() { python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_node() { node -e 'process.exit(+(process.versions.node.split(".")[0] < 18))' 2>/dev/null; }
has_npm() { npm --version >/dev/null 2>&1; }
has_chromium() { command -v "${CHROMIUM:-chromium}" >/dev/null; }
has_fonts() { ls /usr/share/fonts/*/"$1"*/ >/dev/null 2>&1; }
has_postgres() {
    for folder in "$(pg_config --bindir 2>/dev/null)" /usr/lib/postgresql/*/bin /usr/local/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then return 0; fi
    done
    return 1
}

need_python() {
    if ! has_python; then install python3 python3-venv; fi
    if has_python; then say "Python: $(python3 --version)"; else
        lacking "Python 3.11 with venv" "install python3 and python3-venv"
    fi
}

need_node() {
    if ! command -v node >/dev/null; then install nodejs; fi
    if ! has_node; then
        lacking "Node 18 or newer" "install it from the system's packages or nodejs.org"
        return
    fi
    # Debian's npm belongs to Debian's Node; next to another one it does not fit.
    if ! has_npm; then install npm; fi
    if has_npm; then say "Node: $(node --version), npm $(npm --version)"; else
        lacking npm "Node $(node --version) at $(command -v node) came without it; install npm from where that Node came from"
    fi
}

need_chromium() {
    if [ -z "${CHROMIUM:-}" ] && ! has_chromium; then install chromium; fi
    if has_chromium; then say "Chromium: $(command -v "${CHROMIUM:-chromium}")"; else
        lacking Chromium "install chromium, or name a browser like it: CHROMIUM=/usr/bin/google-chrome make check"
    fi
}

need_postgres() {
    if ! has_postgres; then install postgresql; fi
    if has_postgres; then say "PostgreSQL: $folder"; else
        say "skipped: PostgreSQL is not there and cannot be installed; the store will be tested with SQLite alone"
    fi
}

need_valgrind() {
    if ! command -v valgrind >/dev/null; then install --no-install-recommends valgrind; fi
    if command -v valgrind >/dev/null; then say "valgrind: $(valgrind --version)"; else
        say "skipped: valgrind is not there and cannot be installed; the C library will be tested without it"
    fi
}

# What synthetic pages are printed in. Two faces that look written, and another typewriter, may be missing.
need_fonts() {
    has_fonts dejavu || install fonts-dejavu-core
    has_fonts liberation || install fonts-liberation
    has_fonts breip || install fonts-breip
    has_fonts dancingscript || install fonts-dancingscript
    has_fonts courier-prime || install fonts-courier-prime
    if has_fonts dejavu || has_fonts liberation; then say "fonts: in /usr/share/fonts"; else
        lacking "fonts for synthetic pages" "install fonts-dejavu-core and fonts-liberation"
    fi
}

# The target of the compiler in use, which only rustup installs; else Debian's rustc-web, which has its own.
need_wasm() {
    build=$(dirname "$0")/../bindings/web/build.sh
    if ! "$build" --which >/dev/null 2>&1; then install --no-install-recommends rustc-web cargo-web rust-web-src lld; fi
    if compiler=$("$build" --which 2>/dev/null); then say "WebAssembly: $compiler"; else
        say "skipped: nothing compiles for the browser; rustup target add wasm32-unknown-unknown changes that"
    fi
}

[ $# -gt 0 ] || set -- python node chromium fonts postgres valgrind wasm
for piece in "$@"; do
    case $piece in
    python | node | chromium | fonts | postgres | valgrind | wasm) "need_$piece" ;;
    *) say "unknown piece '$piece'; expected python, node, chromium, fonts, postgres, valgrind or wasm" >&2 && exit 2 ;;
    esac
done
exit $missing
