#!/usr/bin/env bash
# Requests per CPU-second of the generator: Iago's closed mode against wrk, in turn, on one machine, against the same
# target, with the same connections, one thread each. Prints each round and the median ratio (above 1: Iago needs less).
#
#   bench/wrk.sh                        against nginx
#   TARGET=builtin bench/wrk.sh         against iago target http
#   CONNECTIONS=16 SECONDS_EACH=5 ROUNDS=3 bench/wrk.sh
set -euo pipefail
cd "$(dirname "$0")/.."
connections=${CONNECTIONS:-64}
each=${SECONDS_EACH:-10}
rounds=${ROUNDS:-5}
kind=${TARGET:-nginx}
port=${PORT:-18099}
url=http://127.0.0.1:$port/
for tool in wrk awk; do
	command -v $tool >/dev/null || { echo "bench/wrk.sh needs $tool (make deps)" >&2; exit 1; }
done
work=$(mktemp -d)
server=
stop() {
	if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
	rm -rf "$work"
}
trap stop EXIT
case $kind in
nginx)
	cat >"$work/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $work/pid;
error_log $work/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server { listen 127.0.0.1:$port backlog=4096; location / { return 200 "hello world\n"; } }
}
CONF
	PATH=$PATH:/usr/sbin nginx -c "$work/nginx.conf" -p "$work" 2>"$work/nginx.err" &
	;;
builtin) bin/iago target http --listen "127.0.0.1:$port" --body 12B >/dev/null 2>"$work/target.log" & ;;
*) echo "TARGET is nginx or builtin" >&2; exit 2 ;;
esac
server=$!
# Server and generator each on a core of its own: otherwise the scheduler now and then puts both on one.
pin=()
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then
	sleep 0.3
	for pid in "$server" $(pgrep -P "$server" || true); do taskset -cp 0 "$pid" >/dev/null; done
	pin=(taskset -c 1)
fi
for _ in $(seq 100); do
	(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
	sleep 0.05
done

TIMEFORMAT='%U %S'
# cpu FILE: user + system seconds of the command timed last
cpu() { awk 'END { print $1 + $2 }' "$1"; }
echo "target $kind, $connections connections, $each s each, $rounds rounds, $(nproc) cores"
printf '%5s  %28s  %28s  %s\n' round 'wrk: requests  per CPU-s' 'iago: requests  per CPU-s' ratio
for i in $(seq "$rounds"); do
	{ time "${pin[@]}" wrk -t1 -c"$connections" -d"${each}s" "$url" >"$work/wrk.out" 2>&1; } 2>"$work/wrk.time"
	wrk_n=$(awk '/requests in/ { print $1 }' "$work/wrk.out")
	{ time "${pin[@]}" bin/iago run "$url" --rate max --connections "$connections" --duration "${each}s" --shards 1 --quiet \
		--out "$work/run" --summary "$work/summary.json" >"$work/iago.out" 2>&1; } 2>"$work/iago.time" || { cat "$work/iago.out" >&2; exit 1; }
	iago_n=$(awk -F'[:,]' '/"completed"/ { print $2 + 0; exit }' "$work/summary.json")
	awk -v i="$i" -v wn="$wrk_n" -v wc="$(cpu "$work/wrk.time")" -v an="$iago_n" -v ac="$(cpu "$work/iago.time")" 'BEGIN {
		printf "%5d  %14d %12.0f   %14d %12.0f   %.3f\n", i, wn, wn / wc, an, an / ac, (an / ac) / (wn / wc) }' | tee -a "$work/rows"
done
sort -k6 -n "$work/rows" | awk '{ r[NR] = $6 } END { m = NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2
	printf "requests per CPU-second, iago / wrk: median %.3f (%.3f to %.3f)\n", m, r[1], r[NR] }'
