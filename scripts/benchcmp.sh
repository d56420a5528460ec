#!/usr/bin/env bash
# Compares the hot paths' benchmarks with those of another commit: ten rounds, taken in turn so that a change of the
# machine's speed meets both, through benchstat.
set -euo pipefail
base=${1:-main}
rounds=${ROUNDS:-10}
pattern=${BENCH:-.}
packages=${PACKAGES:-"./arrival ./measure ./transport/http1 ./source ./processor ./internal/ring"}
top=$(git rev-parse --show-toplevel)
cd "$top"
work=$(mktemp -d)
trap 'git worktree remove --force "$work/base" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
git worktree add --detach "$work/base" "$base" >/dev/null
for i in $(seq "$rounds"); do
	echo "round $i of $rounds" >&2
	# shellcheck disable=SC2086 # packages is a list
	(cd "$work/base" && go test -run '^$' -bench "$pattern" -benchmem -benchtime 200ms $packages) >>"$work/old.txt"
	# shellcheck disable=SC2086
	go test -run '^$' -bench "$pattern" -benchmem -benchtime 200ms $packages >>"$work/new.txt"
done
go tool -modfile=tools/go.mod benchstat "$base=$work/old.txt" "here=$work/new.txt"
