#!/usr/bin/env bash
# What a job costs in worker processes, against the same in one process: CPU per request of the whole generator (feeder, coordinator and
# bus included), in turn, on one machine. First HTTP at a rate that both keep, against the built-in target on a core of its own; then one-way
# UDP at a rate that one process keeps, into a socket that nobody reads, so that all cores are the generator's. Prints each
# round and the median ratios (the goal: below 1.10), and how much of the rate was sent.
#
#   bench/cluster.sh
#   RATE=20000 UDP_RATE=150000 WORKERS=4 SECONDS_EACH=5 ROUNDS=3 bench/cluster.sh
set -euo pipefail
cd "$(dirname "$0")/.."
rate=${RATE:-30000}
udp=${UDP_RATE:-200000}
workers=${WORKERS:-2}
each=${SECONDS_EACH:-10}
rounds=${ROUNDS:-5}
iago=${IAGO:-bin/iago}
work=$(mktemp -d)
servers=()
stop() {
	for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap stop EXIT
"$iago" target http --listen 127.0.0.1:0 --body 12B >/dev/null 2>"$work/http.log" &
servers+=($!)
/usr/bin/python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(3600)' >"$work/udp.port" &
servers+=($!)
for _ in $(seq 100); do
	url=$(sed -n 's/^listening on //p' "$work/http.log")
	[ -n "$url" ] && [ -s "$work/udp.port" ] && break
	sleep 0.05
done
printf 'target: %s\n' "$url" >"$work/http.yaml"
printf 'target: udp://127.0.0.1:%s\nrequest: {body: "0123456789abcdef"}\nudp: {answers: none}\n' "$(cat "$work/udp.port")" >"$work/udp.yaml"
# took SPEC RATE FLAGS…: µs of CPU a request, and the share of the rate that was sent
took() {
	local spec=$1 rate=$2 status=0
	shift 2
	"$iago" run "$work/$spec.yaml" --rate "$rate" --duration "${each}s" --arrival uniform --wait sleep --quiet --out "$work/run" --summary "$work/s.json" "$@" \
		>"$work/out" 2>&1 || status=$?
	case $status in 0 | 4) ;; *) cat "$work/out" >&2; exit 1 ;; esac # 4: late, which makes no difference here
	/usr/bin/python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))
g, q = s["generator"], s["requests"]
print("%.3f %.4f" % ((g["cpu_user_ns"] + g["cpu_system_ns"]) / 1e3 / q["sent"], q["sent"] / float(sys.argv[2]) / float(sys.argv[3])))' "$work/s.json" "$rate" "$each"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for kind in http udp; do
	asked=$rate
	[ $kind = udp ] && asked=$udp
	echo "$kind at $asked/s, $workers workers, $each s each, $rounds rounds, $(nproc) cores"
	echo "round  one process: µs  sent   workers: µs  sent   ratio"
	: >"$work/ratios"
	for i in $(seq "$rounds"); do
		read -r a sa < <(took $kind "$asked")
		read -r b sb < <(took $kind "$asked" --workers "$workers")
		ratio=$(awk "BEGIN { printf \"%.3f\", $b / $a }")
		echo "$ratio" >>"$work/ratios"
		awk "BEGIN { printf \"%5d %16.2f %6.1f%% %11.2f %6.1f%% %7.3f\n\", $i, $a, 100*$sa, $b, 100*$sb, $ratio }"
	done
	echo "CPU per request over $kind, $workers worker processes / one process: median $(median <"$work/ratios")"
done
