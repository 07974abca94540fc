#!/usr/bin/env bash
# Runs a command with what the tests need: Chromium, axe-core and a private
# PostgreSQL server that is thrown away afterwards.
#
#   internal/testenv/run.sh go test ./...
#
# As root on Debian, missing packages are installed. Elsewhere, what is
# missing is named together with how to get it, and the tests that need it are
# skipped; with CI=true a skip is a failure.
set -euo pipefail

say() { printf 'testenv: %s\n' "$*" >&2; }

install_missing() {
  local missing=()
  command -v chromium >/dev/null 2>&1 || [ -n "${RICOCHET_TEST_CHROMIUM:-}" ] || missing+=(chromium)
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || [ -n "${RICOCHET_TEST_POSTGRES:-}" ] || missing+=(postgresql)
  command -v npm >/dev/null 2>&1 || missing+=(npm)
  command -v git >/dev/null 2>&1 || missing+=(git)
  # The race detector needs a C compiler; nothing else here does.
  [ "${CGO_ENABLED:-0}" != 1 ] || command -v cc >/dev/null 2>&1 || missing+=(gcc libc6-dev)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null
    # The server is ours to start: no cluster of the distribution's is wanted.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    say "not found: ${missing[*]}. The tests that need them will be skipped."
    say "To get them: apt-get install ${missing[*]} (Debian), or set RICOCHET_TEST_CHROMIUM=/path/to/browser and RICOCHET_TEST_POSTGRES=postgres://user@host/postgres"
  fi
}

# axe-core is a script that the accessibility tests put into pages. It is
# fetched once, into the user's cache and never into this tree.
AXE_VERSION=4.14.1
fetch_axe() {
  [ -z "${RICOCHET_TEST_AXE:-}" ] || return 0
  local dir="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ricochet-test/axe-core-$AXE_VERSION"
  local file="$dir/node_modules/axe-core/axe.min.js"
  if [ ! -s "$file" ] && command -v npm >/dev/null 2>&1; then
    say "fetching axe-core $AXE_VERSION"
    mkdir -p "$dir"
    npm install --prefix "$dir" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "axe-core@$AXE_VERSION" >&2 || true
  fi
  if [ -s "$file" ]; then
    export RICOCHET_TEST_AXE="$file"
  else
    say "no axe-core: the accessibility tests will be skipped. Set RICOCHET_TEST_AXE=/path/to/axe.min.js, or install npm and run this again."
  fi
}

start_postgres() {
  [ -z "${RICOCHET_TEST_POSTGRES:-}" ] || return 0
  bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1 || true)
  if [ -z "$bin" ]; then
    bin=$(dirname "$(command -v postgres 2>/dev/null)" 2>/dev/null || true)
    [ -n "$bin" ] && [ "$bin" != . ] || return 0
  fi
  dir=$(mktemp -d)
  as=()
  if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
    chown postgres "$dir"
    as=(runuser -u postgres --)
  fi
  port=$(shuf -i 20000-29999 -n 1)
  "${as[@]}" "$bin/initdb" -D "$dir/data" -U ricochet -A trust -E UTF8 --no-sync >"$dir/initdb.log" 2>&1 ||
    { say "initdb failed:"; cat "$dir/initdb.log" >&2; exit 1; }
  trap stop_postgres EXIT
  "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" \
    -o "-p $port -k $dir -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=128MB" start >/dev/null ||
    { say "PostgreSQL did not start:"; cat "$dir/log" >&2; exit 1; }
  stop_postgres() {
    "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$dir"
  }
  export RICOCHET_TEST_POSTGRES="postgres://ricochet@127.0.0.1:$port/postgres?sslmode=disable"
}

install_missing
fetch_axe
start_postgres
if [ -z "${RICOCHET_TEST_CHROMIUM:-}" ] && command -v chromium >/dev/null 2>&1; then
  RICOCHET_TEST_CHROMIUM=$(command -v chromium)
  export RICOCHET_TEST_CHROMIUM
fi
"$@"
