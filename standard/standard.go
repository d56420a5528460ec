// Package standard is the inventory of what this build of Iago can do beyond what its seams' own packages register: the only
// place with blank imports of implementations. A program that wants fewer, or others, imports them itself and calls cli.Main.
package standard

import (
	_ "github.com/iagoloadgen/iago/cluster/launch/command"    // processes by a command of the user's
	_ "github.com/iagoloadgen/iago/cluster/launch/kubernetes" // processes as Jobs in a Kubernetes cluster
	_ "github.com/iagoloadgen/iago/cluster/launch/local"      // processes on this machine
	_ "github.com/iagoloadgen/iago/cluster/launch/nomad"      // a job file for Nomad
	_ "github.com/iagoloadgen/iago/discovery/etcd"            // etcd
	_ "github.com/iagoloadgen/iago/discovery/k8s"             // Kubernetes EndpointSlices
	_ "github.com/iagoloadgen/iago/discovery/srv"             // DNS SRV records
	_ "github.com/iagoloadgen/iago/discovery/zk"              // ZooKeeper server sets

	_ "github.com/iagoloadgen/iago/transport/dns"       // DNS over UDP, TCP and TLS
	_ "github.com/iagoloadgen/iago/transport/http1"     // HTTP/1.1, with and without TLS
	_ "github.com/iagoloadgen/iago/transport/kestrel"   // the Kestrel queue
	_ "github.com/iagoloadgen/iago/transport/memcached" // memcached, text and meta commands
	_ "github.com/iagoloadgen/iago/transport/redis"     // Redis, single servers and clusters
	_ "github.com/iagoloadgen/iago/transport/tcp"       // raw bytes over TCP, TLS and Unix sockets
	_ "github.com/iagoloadgen/iago/transport/thrift"    // Thrift: by IDL, recorded, by generated Go code
	_ "github.com/iagoloadgen/iago/transport/udp"       // raw datagrams
)
