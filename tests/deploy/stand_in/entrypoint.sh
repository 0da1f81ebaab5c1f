#!/bin/sh
# Does what the entry points of the real images do, as far as the Compose file relies on it.
set -eu

if [ "${1#-}" != "$1" ]; then # arguments only: Prometheus's image begins with its program
    exec setpriv --reuid=nobody --regid=nogroup --clear-groups prometheus "$@"
fi
if [ "$1" = postgres ]; then
    as_postgres="setpriv --reuid=postgres --regid=postgres --init-groups"
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
        chown postgres /tmp/password
        $as_postgres initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile=/tmp/password \
            --auth-host=scram-sha-256 --auth-local=trust --encoding=UTF8 --no-sync >/dev/null
        rm /tmp/password
        echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
        printf 'CREATE DATABASE %s;\n' "$POSTGRES_DB" |
            $as_postgres postgres --single -D "$PGDATA" postgres >/dev/null
    fi
    exec $as_postgres "$@" -c listen_addresses='*'
fi
exec "$@"
