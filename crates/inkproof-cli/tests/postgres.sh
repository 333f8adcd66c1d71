#!/bin/sh
# Runs a command with a PostgreSQL server of its own, in a temporary folder, on a socket there and a port of this machine
# that asks for a password, and ends the server after it: tests/postgres.sh cargo test --workspace
#
# The command finds INKPROOF_TEST_POSTGRES, a place with DATABASE where a name goes, and
# INKPROOF_TEST_POSTGRES_RESTART, a shell line that ends the server as a crash would and starts it again. Where PostgreSQL is
# not installed the command runs without it.
set -eu

programs=
for folder in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin /usr/local/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then programs=$folder; fi
done
if [ -z "$programs" ]; then
    echo "skipped: the store on PostgreSQL; tests/install.sh postgres installs it" | tee -a "${INKPROOF_SKIPPED:-/dev/null}" >&2
    exec "$@"
fi

folder=$(mktemp -d)
as_user=
# PostgreSQL refuses to be run by root.
if [ "$(id -u)" = 0 ]; then
    user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$user" "$folder"
    as_user="setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups"
fi
pg_ctl="cd $folder && $as_user $programs/pg_ctl --silent --wait --pgdata=$folder/data --log=$folder/log"
stop() {
    sh -c "$pg_ctl --mode=immediate stop" || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM
(cd "$folder" && $as_user "$programs/initdb" --pgdata="$folder/data" --username=inkproof --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 \
    --locale=C >"$folder/initdb.log")
# A port that nobody has: some are tried.
port=$((20000 + $$ % 10000))
for attempt in 1 2 3 4 5; do
    # Nothing here has to survive the machine.
    options="-c fsync=off -c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='$folder'"
    if sh -c "$pg_ctl --options=\"$options\" start"; then break; fi
    if [ "$attempt" = 5 ]; then exit 1; fi
    port=$((port + 97))
done

INKPROOF_TEST_POSTGRES="postgres://inkproof@$(echo "$folder" | sed 's|/|%2F|g'):$port/DATABASE"
INKPROOF_TEST_POSTGRES_RESTART="$pg_ctl --mode=immediate --options=\"$options\" restart"
export INKPROOF_TEST_POSTGRES INKPROOF_TEST_POSTGRES_RESTART
"$@"
