#!/usr/bin/env bash
# A job with thousands of workers, simulated against the real coordinator and a real bus (cluster/sim): control traffic, memory, processor
# time, and how long it takes to gather workers, to spread a change of the rate, to make up for the loss of a third of them, to take
# in others. docs/scale.md has figures and what follows from them.
#
#   bench/scale.sh
#   WORKERS=500 SLOW=5 bench/scale.sh
#   REQUESTS=100000 bench/scale.sh -v
#
# A simulated second takes SLOW real ones, so that a machine with few processors has the time to be thousands of workers: with 2 of
# them WORKERS/125 is about right. The bus keeps its streams in memory where there is a file system for that, so that it does not depend on what
# else is done with the disk.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/sim" ./cluster/sim/cmd
if [ -d /dev/shm ]; then export TMPDIR=/dev/shm; fi
"$work/sim" -workers "${WORKERS:-2000}" -slow "${SLOW:-16}" -requests "${REQUESTS:-10000}" -rate "${RATE:-20}" "$@"
