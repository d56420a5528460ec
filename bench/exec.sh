#!/usr/bin/env bash
# Records per second through one outside program (examples/exec-python, or PROGRAM=Java): a real access log's records to the
# program and its requests back, as a run takes them, with nothing sent. Goal: 50,000 records/s through one Python process.
#
#   bench/exec.sh
#   PROGRAM=Java RECORDS=500000 ROUNDS=5 bench/exec.sh
set -euo pipefail
cd "$(dirname "$0")/.."
records=${RECORDS:-200000}
rounds=${ROUNDS:-5}
program=${PROGRAM:-Python}
go test -run '^$' -bench "^Benchmark$program\$" -benchtime "${records}x" -count "$rounds" ./processor/exec | awk '
	/records\/s/ { for (i = 1; i < NF; i++) if ($(i + 1) == "records/s") print $i; next }
	/FAIL|panic|Error/ { print > "/dev/stderr"; exit 1 }' | sort -n | awk -v program="$program" '
	{ r[NR] = $1 }
	END {
		if (NR == 0) exit 1
		m = NR % 2 ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2
		printf "records/s through one %s process: median %d (%d to %d, %d rounds)\n", program, m, r[1], r[NR], NR
	}'
