// Package rendezvous has the processes of a job meet by discovery: who has the bus announces it at an address of a discovery backend,
// the others find it there, and find it again when it has moved.
//
// # What stands where
//
// The servers of the bus are members at the address itself. One that speaks TLS has an additional endpoint "tls", the same as its service
// endpoint. Workers are members at the path "workers" below, so that others can see how many there are: each by its end of the connection
// to the bus, which is its own on its machine, though nobody listens there. In ZooKeeper:
//
//	/iago/shop/member_0000000000            {"serviceEndpoint":{"host":"10.0.0.1","port":4222},…}     the bus
//	/iago/shop/workers/member_0000000000    {"serviceEndpoint":{"host":"10.0.0.7","port":40112},…}    a worker
//
// All of them vanish with their processes. Credentials are never announced.
package rendezvous
