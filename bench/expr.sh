#!/usr/bin/env bash
# Records per second through expressions on one core. First the processor alone, by its Go benchmark: a log entry, expressions
# for the path, the label and a header (CASE=five, json, query: others); the goal, 300,000/s, is for these. Then, to know, whole
# runs on one core, records per CPU-second: the paths of examples/access.log are read, rewritten by three expressions, encoded
# and sent as datagrams that nobody answers; and the same without expressions, in turn.
#
#   bench/expr.sh
#   ROUNDS=2 SECONDS_EACH=2 bench/expr.sh
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${ROUNDS:-5}
each=${SECONDS_EACH:-5}
case=${CASE:-three}
iago=${IAGO:-bin/iago}
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
# median LABEL: of the numbers on standard input, with the spread
median() {
	sort -n | awk -v label="$1" '{ r[NR] = $1 } END {
		if (NR == 0) exit 1
		m = NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2
		printf "%s: median %.0f (%.0f to %.0f, %d rounds)\n", label, m, r[1], r[NR], NR
	}'
}
go test -c -o "$work/expr.test" ./processor/expr
"${pin[@]}" "$work/expr.test" -test.run '^$' -test.bench "^BenchmarkProcess/$case\$" -test.benchtime "${each}s" -test.cpu 1 -test.count "$rounds" |
	awk '{ for (i = 1; i < NF; i++) if ($(i + 1) == "records/s") print $i }' | median "records/s through expressions ($case), one core"

"${beside[@]}" "$iago" target udp --listen 127.0.0.1:0 --loss 100% --stats "$work/truth.json" 2>"$work/target.log" &
server=$!
url=
for _ in $(seq 100); do
	url=$(sed -n 's/^listening on //p' "$work/target.log")
	[ -n "$url" ] && break
	sleep 0.05
done
[ -n "$url" ] || { cat "$work/target.log" >&2; exit 1; }
awk '{ print $7 }' examples/access.log >"$work/paths"
spec() { printf 'target: %s\nrecords: {file: paths, format: lines, loop: true}\nudp: {answers: none}\n' "$url"; }
spec >"$work/plain.yaml"
{ spec; printf '%s\n' 'request:' "  expr: {body: '\"/v2\" + raw', label: 'raw contains \"/images/\" ? \"image\" : \"page\"', key: raw}"; } >"$work/expr.yaml"
TIMEFORMAT='%U %S'
for _ in $(seq "$rounds"); do
	for way in plain expr; do
		{ time "${pin[@]}" "$iago" run "$work/$way.yaml" --rate max --connections 1 --duration "${each}s" --shards 1 --quiet \
			--out "$work/run" --summary "$work/summary.json" >"$work/out" 2>&1; } 2>"$work/time" || { cat "$work/out" "$work/time" >&2; exit 1; }
		awk -v way="$way" -v cpu="$(awk 'END { print $1 + $2 }' "$work/time")" -F'[:,]' '/"sent"/ { print way, $2 / cpu; exit }' "$work/summary.json" >>"$work/rows"
	done
done
for way in plain expr; do
	awk -v way=$way '$1 == way { print $2 }' "$work/rows" | median "records/CPU-s of a whole run over UDP, $way"
done
