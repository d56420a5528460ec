#!/usr/bin/env bash
# M/M/1: one exponential server of 1 ms on a virtual clock, Poisson arrivals at 600/s for 60 s. What Iago measured is held
# against the sojourn times that the target itself computed (within 2 % and 200 µs), and against theory: sojourns are
# exponential with rate μ−λ (Kleinrock, Queueing Systems I, 3.2). Wants an idle machine. Exit status 0: all figures agree.
#
#   DURATION=60 RATE=600 SEED=1 bench/mm1.sh [more flags of iago run]
set -euo pipefail
cd "$(dirname "$0")/.."
rate=${RATE:-600} duration=${DURATION:-60} seed=${SEED:-1} iago=${IAGO:-bin/iago}
[ -x "$iago" ] || make build >&2
work=$(mktemp -d)
target=
stop() {
	if [ -n "$target" ] && kill -0 "$target" 2>/dev/null; then
		kill "$target"
		wait "$target" || true
	fi
	rm -rf "$work"
}
trap stop EXIT

"$iago" target http --listen 127.0.0.1:0 --service exp:mean=1ms --servers 1 --seed "$seed" --stats "$work/truth.json" 2>"$work/target.log" &
target=$!
url=
for _ in $(seq 100); do
	url=$(sed -n 's/^listening on //p' "$work/target.log")
	[ -n "$url" ] && break
	sleep 0.05
done
if [ -z "$url" ]; then
	cat "$work/target.log" >&2
	exit 1
fi
status=0
"$iago" run "$url" --rate "$rate" --duration "${duration}s" --seed "$seed" --out "$work/run" --quiet "$@" >"$work/run.txt" || status=$?
case $status in
0) ;;
4) echo "The generator slipped: this machine has too much else to do. The figures below say how much." ;;
*) cat "$work/run.txt"; exit "$status" ;;
esac
kill "$target"
wait "$target" || true
target=
go run ./bench/mm1 -rate "$rate" -service 1ms "$work/run/summary.json" "$work/truth.json"
