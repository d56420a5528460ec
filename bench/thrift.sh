#!/usr/bin/env bash
# CPU per request of the generator: Thrift (framed, binary) against our own HTTP/1.1, in turn, on one machine, each against the
# built-in target of its kind, an answer of 12 bytes, the same connections, one shard. Thrift's calls are made by IDL (arguments
# as JSON, checked and encoded for each request) and raw (a recorded message). Prints each round and the median ratios to
# HTTP/1.1 (below 1: Thrift needs less). The goal is 1.3. In closed mode a slower target means smaller batches, so that part of
# the ratio is the targets': at the same rate it is not.
#
#   bench/thrift.sh                     closed mode
#   RATE=20000 bench/thrift.sh          at the same rate (asleep between requests, or as WAIT says)
#   CONNECTIONS=16 SECONDS_EACH=2 ROUNDS=2 bench/thrift.sh
set -euo pipefail
cd "$(dirname "$0")/.."
connections=${CONNECTIONS:-64}
each=${SECONDS_EACH:-10}
rounds=${ROUNDS:-5}
rate=${RATE:-max}
iago=${IAGO:-bin/iago}
work=$(mktemp -d)
servers=()
stop() {
	for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap stop EXIT
# Servers and generator each on a core of its own: otherwise the scheduler now and then puts both on one.
beside=() pin=()
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then beside=(taskset -c 0) pin=(taskset -c 1); fi
# serve KIND [FLAGS…]: starts a target, and sets url
serve() {
	"${beside[@]}" "$iago" target "$@" --listen 127.0.0.1:0 >/dev/null 2>"$work/$1.log" &
	servers+=($!)
	url=
	for _ in $(seq 100); do
		url=$(sed -n 's/^listening on //p' "$work/$1.log")
		[ -n "$url" ] && return
		sleep 0.05
	done
	cat "$work/$1.log" >&2
	exit 1
}
serve http --body 12B
echo "target: $url" >"$work/http.yaml"
serve thrift
printf 'service Echo { string echo(1: string message) }\n' >"$work/echo.thrift"
cat >"$work/idl.yaml" <<SPEC
target: $url
request: {body: '{"method": "echo", "args": {"message": "hello world!"}}'}
thrift: {idl: $work/echo.thrift}
SPEC
# version 1, call · "echo" · sequence id 0 · field 1, string of 12 bytes · stop
cat >"$work/raw.yaml" <<SPEC
target: $url
request: {body: 8001000100000004$(printf echo | od -An -tx1 | tr -d ' ')000000000b00010000000c$(printf 'hello world!' | od -An -tx1 | tr -d ' ')00}
SPEC

flags=(--shards 1 --connections "$connections" --duration "${each}s" --rate "$rate" --quiet --out "$work/run" --summary "$work/summary.json")
[ "$rate" = max ] || flags+=(--wait "${WAIT:-sleep}")
TIMEFORMAT='%U %S'
# took NAME: requests answered, and µs of CPU of each
took() {
	local status=0
	{ time "${pin[@]}" "$iago" run "$work/$1.yaml" "${flags[@]}" >"$work/out" 2>&1; } 2>"$work/time" || status=$?
	case $status in 0 | 4) ;; *) cat "$work/out" "$work/time" >&2; exit 1 ;; esac # 4: late, which makes no difference here
	if grep -qE '"(failed|timed_out|server_errors)": [1-9]' "$work/summary.json"; then cat "$work/out" >&2; exit 1; fi
	awk -v cpu="$(awk 'END { print $1 + $2 }' "$work/time")" -F'[:,]' '/"completed"/ { printf "%d %.2f\n", $2, 1e6 * cpu / $2; exit }' "$work/summary.json"
}
echo "rate $rate, $connections connections, $each s each, $rounds rounds, $(nproc) cores"
printf '%5s  %19s  %18s  %18s  %8s  %8s\n' round 'HTTP: requests  µs' 'IDL: requests  µs' 'raw: requests  µs' IDL/HTTP raw/HTTP
for i in $(seq "$rounds"); do
	http=$(took http)
	idl=$(took idl)
	raw=$(took raw)
	echo "$i $http $idl $raw" | awk '{ printf "%5d  %12d %6.2f  %11d %6.2f  %11d %6.2f  %8.3f  %8.3f\n", $1, $2, $3, $4, $5, $6, $7, $5 / $3, $7 / $3 }' |
		tee -a "$work/rows"
done
for way in IDL:8 raw:9; do
	sort -k"${way#*:}" -n "$work/rows" | awk -v way="${way%:*}" -v c="${way#*:}" '{ r[NR] = $c } END { m = NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2
		printf "CPU per request, Thrift by %s / HTTP/1.1: median %.3f (%.3f to %.3f)\n", way, m, r[1], r[NR] }'
done
