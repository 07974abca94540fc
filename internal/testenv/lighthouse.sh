#!/usr/bin/env bash
# Runs Lighthouse against a fresh server and prints the four scores of the
# home, article, search and contact pages. Usage: lighthouse.sh BINARY
set -euo pipefail
bin=$(realpath "$1")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ricochet-test
mkdir -p "$cache"
command -v npm >/dev/null 2>&1 || { echo "lighthouse: npm is needed (apt-get install npm)" >&2; exit 1; }
[ -d "$cache/node_modules/lighthouse" ] || (cd "$cache" && npm install --no-audit --no-fund --silent lighthouse >/dev/null)
data=$(mktemp -d)
"$bin" serve --data "$data" --listen 127.0.0.1:8099 --rate-limit off >"$data/out" 2>"$data/err" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$data"' EXIT
until curl -fs -o /dev/null http://127.0.0.1:8099/healthz; do
  kill -0 $server || { cat "$data/err" >&2; exit 1; }
  sleep 0.1
done
status=0
measure() {
  CHROME_PATH=${RICOCHET_TEST_CHROMIUM:-$(command -v chromium)} node "$cache/node_modules/lighthouse/cli/index.js" "http://127.0.0.1:8099$1" \
    --quiet --output=json --output-path="$data/report.json" \
    --chrome-flags="--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync" 2>"$data/lh.err"
}
for path in /fr/ /en/products/vps "/fr/search?q=facture" /en/contact; do
  # On a busy machine the browser's trace gets lost now and then: once more.
  measure "$path" || measure "$path" || { cat "$data/lh.err" >&2; exit 1; }
  node -e '
    const r = JSON.parse(require("fs").readFileSync(process.argv[1]));
    const s = Object.values(r.categories).map((c) => `${c.title} ${Math.round(c.score * 100)}`);
    console.log(process.argv[2].padEnd(24), s.join("  "));
    for (const a of Object.values(r.audits)) if (a.score !== null && a.score < 1 && !["informative","notApplicable","manual","metricSavings"].includes(a.scoreDisplayMode)) console.log("    " + a.id + " " + a.score + " " + (a.displayValue ?? ""));
    if (Object.values(r.categories).some((c) => c.score < 1)) process.exit(2);
  ' "$data/report.json" "$path" || status=$?
done
exit $status
