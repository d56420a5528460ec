#!/usr/bin/env bash
# Builds Kubernetes and etcd into one static binary, unless it is there already and what it is made of has not changed. Prints its path.
set -euo pipefail
cd "$(dirname "$0")/../test/kubernetes/node"
export GOTOOLCHAIN=local CGO_ENABLED=0
cache=$(cd ../../.. && pwd)/.cache
out=$cache/kubernetes
mkdir -p "$cache"
made_of=$( (cat go.mod go.sum ./*.go "../../../scripts/$(basename "$0")" && go version) | sha256sum)

# Two that build at once would only be slower: the second waits, and finds what the first has built.
exec 9>"$out.lock"
flock 9
if [ ! -x "$out" ] || [ "$(cat "$out.made-of" 2>/dev/null)" != "$made_of" ]; then
	echo "building Kubernetes and etcd into .cache/kubernetes: 6 to 15 minutes on two cores the first time, later seconds" >&2
	version=$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' go.mod)
	IFS=. read -r major minor _ <<<"${version#v}"
	of=k8s.io/component-base/version
	nice -n 10 go build -trimpath -o "$out.new" -ldflags "-s -w -X $of.gitVersion=$version -X $of.gitMajor=$major -X $of.gitMinor=$minor" . 9>&-
	mv "$out.new" "$out"
	echo "$made_of" >"$out.made-of"
fi
echo "$out"
