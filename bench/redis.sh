#!/usr/bin/env bash
# CPU per request of the generator: Iago's closed mode against redis-benchmark, in turn, on one machine, against Debian's
# Redis without persistence: GET of a value of 3 bytes, the same bytes on the wire, the same connections, one thread each.
# Prints each round and the median ratio (below 1: Iago needs less), without pipelining and, to know, with 16 requests a
# connection. Requests are counted by the server; the CPU is that of the whole process, start and report included.
#
#   bench/redis.sh
#   REQUESTS=100000 ROUNDS=2 PIPELINES=1 bench/redis.sh
#   THREADS= bench/redis.sh             redis-benchmark on its first thread, without --threads 1
set -euo pipefail
cd "$(dirname "$0")/.."
connections=${CONNECTIONS:-50}
requests=${REQUESTS:-1000000}
rounds=${ROUNDS:-5}
pipelines=${PIPELINES:-1 16}
port=${PORT:-18096}
iago=${IAGO:-bin/iago}
threads=()
[ -n "${THREADS-1}" ] && threads=(--threads "${THREADS-1}")
for tool in redis-server redis-benchmark redis-cli awk; do
	command -v $tool >/dev/null || { echo "bench/redis.sh needs $tool (make deps)" >&2; exit 1; }
done
work=$(mktemp -d)
server=
stop() {
	if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
	rm -rf "$work"
}
trap stop EXIT
# Server and generator each on a core of its own: otherwise the scheduler now and then puts both on one.
beside=() pin=()
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then beside=(taskset -c 0) pin=(taskset -c 1); fi
"${beside[@]}" redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work" >"$work/server.log" 2>&1 &
server=$!
cli() { redis-cli -p "$port" "$@"; }
for _ in $(seq 100); do
	cli ping >/dev/null 2>&1 && break
	sleep 0.05
done
cli set key:000000000001 xxx >/dev/null || { cat "$work/server.log" >&2; exit 1; }

TIMEFORMAT='%U %S'
# took NAME COMMAND…: how many GETs the server had of it, and its user + system seconds
took() {
	local name=$1
	shift
	cli config resetstat >/dev/null
	{ time "${pin[@]}" "$@" >"$work/$name.out" 2>&1; } 2>"$work/time" || { cat "$work/$name.out" "$work/time" >&2; exit 1; }
	cli info commandstats | awk -F'[=,]' '/^cmdstat_get:/ { printf "%d ", $2 }'
	awk 'END { print $1 + $2 }' "$work/time"
}
echo "$(redis-server --version | awk '{ print $1, $3 }'), $connections connections, $requests requests, $rounds rounds, $(nproc) cores"
printf '%5s %9s  %31s  %20s  %s\n' round pipeline 'redis-benchmark: requests  µs' 'iago: requests  µs' ratio
for p in $pipelines; do
	printf 'target: redis://127.0.0.1:%s\nrequest: {body: "GET key:000000000001"}\npipeline: %s\n' "$port" "$p" >"$work/run.yaml"
	for i in $(seq "$rounds"); do
		theirs=$(took theirs redis-benchmark -p "$port" -c "$connections" -n "$requests" -P "$p" "${threads[@]}" --csv GET key:000000000001)
		ours=$(took ours "$iago" run "$work/run.yaml" --rate max --connections "$connections" --requests "$requests" --shards 1 --quiet --out "$work/run")
		echo "$i $p $theirs $ours" | awk '{ t = 1e6 * $4 / $3; o = 1e6 * $6 / $5
			printf "%5d %9d  %23d %7.2f  %12d %7.2f  %.3f\n", $1, $2, $3, t, $5, o, o / t }' | tee -a "$work/rows$p"
	done
done
for p in $pipelines; do
	sort -k7 -n "$work/rows$p" | awk -v p="$p" '{ r[NR] = $7 } END { m = NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2
		printf "CPU per request, iago / redis-benchmark, pipeline %d: median %.3f (%.3f to %.3f)\n", p, m, r[1], r[NR] }'
done
