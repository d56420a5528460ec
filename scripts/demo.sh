#!/usr/bin/env bash
# Starts the built-in target, replays a real access log against it, and leaves an HTML report.
set -euo pipefail
cd "$(dirname "$0")/.."
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

cat <<'TEXT'
The built-in target takes 3 ms a request in the median, and freezes once for half a second, 12 s into the run.
Iago replays 10,000 lines of a real access log against it, 300 requests a second, Poisson arrivals:

  iago target http --service lognormal:median=3ms,sigma=0.6 --fault stall:at=12s,for=500ms
  iago run examples/replay.yaml

TEXT
bin/iago target http --listen 127.0.0.1:0 --service lognormal:median=3ms,sigma=0.6 --body 2KiB \
	--fault stall:at=12s,for=500ms --stats "$work/stats.json" 2>"$work/target.log" &
target=$!
url=
for _ in $(seq 100); do
	url=$(sed -n 's/^listening on //p' "$work/target.log")
	[ -n "$url" ] && break
	sleep 0.05
done
if [ -z "$url" ]; then
	echo "the target did not start:" >&2
	cat "$work/target.log" >&2
	exit 1
fi
status=0
bin/iago run examples/replay.yaml --target "$url" --out runs/demo || status=$?
case $status in
0) ;;
4) echo; echo "This machine had too much else to do: Iago itself was late, and says so (exit status 4)." ;;
*) exit "$status" ;;
esac
kill "$target"
wait "$target" || true
target=
echo
echo "The target itself counted $(sed -n 's/^  "requests": \([0-9]*\),/\1/p' "$work/stats.json") requests."
echo "Open the report in a browser: $PWD/runs/demo/report.html"
