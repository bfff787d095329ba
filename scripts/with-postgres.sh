#!/bin/sh
# Runs a command with DATABASE_URL naming a PostgreSQL server of its own, which lives in a temporary folder and ends with the command.
#   sh scripts/with-postgres.sh python -m pytest tests/test_web_accounts.py
# Without the server's programs it says so; that is a failure only in continuous integration (CI=true).
set -eu

found=""
for folder in $(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -rV) /opt/homebrew/opt/postgresql*/bin; do
  if [ -x "$folder/initdb" ]; then found=$folder && break; fi
done
if [ -z "$found" ] && command -v initdb > /dev/null; then found=$(dirname "$(command -v initdb)"); fi
if [ -z "$found" ]; then
  echo "PostgreSQL's initdb was not found, so nothing was run against PostgreSQL; install the package 'postgresql'." >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 0
fi

place=$(mktemp -d)
as() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then # the server refuses to run as root
  chown postgres "$place"
  as() { runuser -u postgres -- "$@"; }
fi
chmod 755 "$place"
stop() {
  as "$found/pg_ctl" -D "$place/data" -m immediate stop > /dev/null 2>&1 || true
  rm -rf "$place"
}
trap stop EXIT INT TERM

cd "$place"
as "$found/initdb" -D "$place/data" --username=recutis --auth=trust --encoding=UTF8 --no-sync --locale=C.UTF-8 > "$place/initdb.log"
as "$found/pg_ctl" -D "$place/data" -w -l "$place/server.log" -o "-c listen_addresses='' -k $place -c fsync=${RECUTIS_TEST_FSYNC:-off}" start > /dev/null
as "$found/createdb" -h "$place" -U recutis recutis
cd "$OLDPWD"
DATABASE_URL="postgresql://recutis@$(printf %s "$place" | sed 's|/|%2F|g')/recutis"
export DATABASE_URL
status=0
"$@" || status=$?
exit "$status"
