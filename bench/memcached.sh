#!/usr/bin/env bash
# CPU per request of the generator: Iago's closed mode against memcaslap (libmemcached), in turn, on one machine, against
# Debian's memcached with one thread: get of a value of 3 bytes by a key of 16, text protocol, the same connections, one thread
# each. Prints each round and the median ratio (below 1: Iago needs less). Requests are counted by the server.
#
# memcaslap first stores 1024 values a connection (its smallest window). What that costs is measured in each round by a run
# with next to no gets and taken off; Iago's start and report are left in.
#
#   bench/memcached.sh
#   REQUESTS=200000 ROUNDS=2 bench/memcached.sh
#   KEYS=10000 bench/memcached.sh       Iago's requests out of a record file with so many keys, instead of one request
set -euo pipefail
cd "$(dirname "$0")/.."
connections=${CONNECTIONS:-50}
requests=${REQUESTS:-1000000}
rounds=${ROUNDS:-5}
keys=${KEYS:-1}
port=${PORT:-18095}
iago=${IAGO:-bin/iago}
few=1000
for tool in memcached memcaslap awk; do
	command -v $tool >/dev/null || { echo "bench/memcached.sh needs $tool (make deps)" >&2; exit 1; }
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
"${beside[@]}" memcached -u nobody -l 127.0.0.1 -p "$port" -t 1 -m 1024 -c 4096 >"$work/server.log" 2>&1 &
server=$!
# say: sends standard input to the server and prints what it answers until it hangs up
say() { (exec 3<>"/dev/tcp/127.0.0.1/$port" && cat >&3 && cat <&3) 2>/dev/null; }
for _ in $(seq 100); do
	printf 'quit\r\n' | say && break
	sleep 0.05
done
seq -f 'set key-%012.0f 0 0 3' "$keys" | awk '{ printf "%s noreply\r\nxxx\r\n", $0 } END { printf "quit\r\n" }' | say
seq -f 'get key-%012.0f' "$keys" >"$work/gets"
gets() { printf 'stats\r\nquit\r\n' | say | awk '$2 == "cmd_get" { print $3 + 0 }'; }

printf 'key\n16 16 1\nvalue\n3 3 1\ncmd\n0 0\n1 1\n' >"$work/memcaslap.conf"
if [ "$keys" -gt 1 ]; then
	printf 'target: memcached://127.0.0.1:%s\nrecords: {file: gets, format: lines}\n' "$port" >"$work/run.yaml"
else
	printf 'target: memcached://127.0.0.1:%s\nrequest: {body: "%s"}\n' "$port" "$(cat "$work/gets")" >"$work/run.yaml"
fi
TIMEFORMAT='%U %S'
# took NAME COMMAND…: how many gets the server had of it, and its user + system seconds
took() {
	local name=$1 before
	shift
	before=$(gets)
	{ time "${pin[@]}" "$@" >"$work/$name.out" 2>&1; } 2>"$work/time" || { cat "$work/$name.out" "$work/time" >&2; exit 1; }
	echo "$(($(gets) - before)) $(awk 'END { print $1 + $2 }' "$work/time")"
}
# theirs N: memcaslap with N gets
theirs() { took theirs memcaslap -s "127.0.0.1:$port" -T 1 -c "$connections" -w 1k -x "$1" -F "$work/memcaslap.conf"; }
echo "$(memcached --version), $connections connections, $requests requests, keys of iago: $keys, $rounds rounds, $(nproc) cores"
printf '%5s  %34s  %20s  %s\n' round 'memcaslap: stores s  requests  µs' 'iago: requests  µs' ratio
for i in $(seq "$rounds"); do
	stores=$(theirs $few)
	all=$(theirs "$requests")
	ours=$(took ours "$iago" run "$work/run.yaml" --rate max --connections "$connections" --requests "$requests" --shards 1 --quiet --out "$work/run")
	echo "$i $stores $all $ours" | awk '{ n = $4 - $2; t = 1e6 * ($5 - $3) / n; o = 1e6 * $7 / $6
		printf "%5d  %19.2f %8d %6.2f  %12d %7.2f  %.3f\n", $1, $3, n, t, $6, o, o / t }' | tee -a "$work/rows"
done
sort -k7 -n "$work/rows" | awk '{ r[NR] = $7 } END { m = NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2
	printf "CPU per request, iago / memcaslap: median %.3f (%.3f to %.3f)\n", m, r[1], r[NR] }'
