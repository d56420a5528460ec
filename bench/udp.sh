#!/usr/bin/env bash
# Datagrams from one shard at a given rate, to the built-in target on a core of its own: what was sent, received and answered, whether
# the schedule was kept, and the generator's CPU. Two ways in turn: no answers at all (the target drops them), and answers
# matched by id. The goal is 200,000/s if the receiver keeps up: what it did not receive is shown. The rate is that over the
# schedule and the time by which its last datagrams were late.
#
#   bench/udp.sh
#   RATE=50000 SECONDS_EACH=2 ROUNDS=2 bench/udp.sh
#   WAIT=spin WAYS=none bench/udp.sh
set -euo pipefail
cd "$(dirname "$0")/.."
rate=${RATE:-200000}
each=${SECONDS_EACH:-10}
rounds=${ROUNDS:-3}
ways=${WAYS:-none id}
wait=${WAIT:-auto}
iago=${IAGO:-bin/iago}
work=$(mktemp -d)
server=
stop() {
	if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
	server=
}
trap 'stop; rm -rf "$work"' EXIT
# Server and generator each on a core of its own: otherwise the scheduler now and then puts both on one.
beside=() pin=()
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then beside=(taskset -c 0) pin=(taskset -c 1); fi
# serve WAY: starts a target that answers or does not, and sets url
serve() {
	local flags=()
	[ "$1" = none ] && flags=(--loss 100%)
	"${beside[@]}" "$iago" target udp --listen 127.0.0.1:0 --stats "$work/truth.json" "${flags[@]}" 2>"$work/target.log" &
	server=$!
	url=
	for _ in $(seq 100); do
		url=$(sed -n 's/^listening on //p' "$work/target.log")
		[ -n "$url" ] && return
		sleep 0.05
	done
	cat "$work/target.log" >&2
	exit 1
}
# figure NAME FILE: the first number of that name
figure() { awk -v name="\"$1\":" '$1 == name { print $2 + 0; exit }' "$2"; }
TIMEFORMAT='%U %S'
echo "$rate datagrams/s for $each s, wait $wait, $rounds rounds, $(nproc) cores"
printf '%5s %7s %9s %10s %10s %9s %12s %8s  %s\n' round answers sent/s received answered late-p99 CPU-of-core µs-each schedule
for i in $(seq "$rounds"); do
	for way in $ways; do
		serve "$way"
		printf 'target: %s\nrequest: {body: "0000hello world!"}\nudp: {answers: %s}\ntimeout: 1s\n' "$url" "$way" >"$work/run.yaml"
		status=0
		{ time "${pin[@]}" "$iago" run "$work/run.yaml" --rate "$rate" --duration "${each}s" --shards 1 --wait "$wait" --quiet \
			--out "$work/run" --summary "$work/summary.json" >"$work/out" 2>&1; } 2>"$work/time" || status=$?
		case $status in 0 | 4) ;; *) cat "$work/out" "$work/time" >&2; exit 1 ;; esac # 4: slipped, as the last column says
		stop # which has it write its figures
		late=$(awk '/"lateness_ns"/ { on = 1 } on && $1 == "\"max\":" { max = $2 + 0 } on && $1 == "\"p99\":" { print $2 / 1000, max; exit }' "$work/summary.json")
		verdict=$(awk -F'"' '$2 == "schedule" { print $4; exit }' "$work/summary.json")
		echo "$i $way $(figure duration_ns "$work/summary.json") $(figure sent "$work/summary.json") $(figure requests "$work/truth.json")" \
			"$(figure completed "$work/summary.json") $late $(figure elapsed_ns "$work/summary.json") $(cat "$work/time") ${verdict:-?}" |
			awk '{ cpu = $10 + $11; answered = $2 == "none" ? "-" : sprintf("%.2f%%", 100 * $6 / $4)
				printf "%5d %7s %9.0f %9.2f%% %10s %7.0fµs %11.1f%% %8.2f  %s\n",
					$1, $2, 1e9 * $4 / ($3 + $8), 100 * $5 / $4, answered, $7, 1e11 * cpu / $9, 1e6 * cpu / $4, $12 }' | tee -a "$work/$way.rows"
	done
done
for way in $ways; do
	sort -k3 -n "$work/$way.rows" | awk -v way="$way" -v rate="$rate" '{ r[NR] = $3; kept += $NF == "kept" } END { m = NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2
		printf "datagrams/s sent of %d asked, answers %s: median %.0f (%.0f to %.0f); schedule kept in %d of %d\n", rate, way, m, r[1], r[NR], kept, NR }'
done
