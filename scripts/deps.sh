#!/usr/bin/env bash
# Installs what the tests need beside Go: servers that we did not write, their clients, Chromium (the report is opened in it), the
# languages of examples, what makes network namespaces and their faults, and the load generators of bench/.
set -euo pipefail
packages=()
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
have nginx || packages+=(nginx-light)
have chromium || packages+=(chromium)
have wrk || packages+=(wrk)
have curl || packages+=(curl)
have gcc || packages+=(gcc libc6-dev)
have redis-server || packages+=(redis-server)
have redis-cli || packages+=(redis-tools)
have memcached || packages+=(memcached)
have memcaslap || packages+=(libmemcached-tools)
[ -e /usr/include/libmemcached/memcached.h ] || packages+=(libmemcached-dev)
have knotd || packages+=(knot)
have ip || packages+=(iproute2)
have iptables || packages+=(iptables)
[ -e /usr/share/java/zookeeper.jar ] || packages+=(zookeeper)
have etcd || packages+=(etcd-server)
have socat || packages+=(socat)
have thrift || packages+=(thrift-compiler)
have containerd || packages+=(containerd)
have runc || packages+=(runc)
[ -x /usr/lib/cni/bridge ] || packages+=(containernetworking-plugins)
have ip || packages+=(iproute2)
have javac || packages+=(default-jdk-headless)
[ -x /usr/bin/python3 ] || packages+=(python3)
/usr/bin/python3 -c 'import thrift' >/dev/null 2>&1 || packages+=(python3-thrift)
[ ${#packages[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "tests need: ${packages[*]} (Debian's names); install them, then run make again" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "tests need Debian packages that are not installed; run: sudo apt-get install ${packages[*]}" >&2
	exit 1
fi
echo "installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
# A server that a package starts by itself would only be in the way: forbid starts while installing.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
	trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
