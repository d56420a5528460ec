#!/usr/bin/env bash
# TLS on the event loop against TLS in a goroutine for each connection (the portable path), in turn: requests per
# CPU-second of the generator, closed mode over kept connections, the built-in target with a certificate of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
connections=${CONNECTIONS:-16}
each=${SECONDS_EACH:-5}
rounds=${ROUNDS:-5}
port=${PORT:-18098}
work=$(mktemp -d)
bin/iago target http --tls --listen "127.0.0.1:$port" --body 1KiB >/dev/null 2>"$work/target.log" &
server=$!
trap 'kill $server; wait $server || true; rm -rf "$work"' EXIT
sleep 1
TIMEFORMAT='%U %S'
for i in $(seq "$rounds"); do
	for way in loop beside; do
		flags=()
		[ $way = beside ] && flags=(--poller portable)
		{ time bin/iago run "https://127.0.0.1:$port/" --insecure --rate max -c "$connections" -d "${each}s" --shards 1 -q "${flags[@]}" \
			--out "$work/run" --summary "$work/$way.json" >"$work/out" 2>&1; } 2>"$work/time" || { cat "$work/out" >&2; exit 1; }
		awk -F'[:,]' -v way=$way '/"completed"/ { print way, $2 + 0; exit }' "$work/$way.json" | tr '\n' ' ' | tee -a "$work/rows"
		awk 'END { print $1 + $2 }' "$work/time" | tee -a "$work/rows"
	done
done
awk '{ n[$1] += $2; c[$1] += $3 } END {
	printf "µs of CPU a request: on the loop %.1f, beside it %.1f; ratio %.2f\n", 1e6 * c["loop"] / n["loop"], 1e6 * c["beside"] / n["beside"], (c["beside"] / n["beside"]) / (c["loop"] / n["loop"]) }' "$work/rows"
