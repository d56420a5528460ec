#!/usr/bin/env bash
# Runs the tests that have the machine for themselves, a package at a time: they kill, cut off and stop processes whose leases are about
# seconds. A machine that stands still for as long as a lease breaks them too, so a package that fails is run once more, and
# both runs are shown; one that fails twice has failed.
set -uo pipefail
failed=()
for package in "$@"; do
	go test -timeout 20m "$package" && continue
	echo "$package failed: once more, in case the machine stood still"
	go test -timeout 20m -count=1 "$package" || failed+=("$package")
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "failed twice: ${failed[*]}" >&2
	exit 1
fi
