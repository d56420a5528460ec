// Package sim runs a job with thousands of workers on one machine, to see what the cluster's own doings cost and how long they take:
// the coordinator is the real one, the bus is real NATS, and each worker is the real one too (joining, lease, share, results), but
// for what it sends by: in the engine's place stands something that goes through the arrivals of its share as they fall due, and
// counts them.
//
// All processes go by clocks that are slower than the machine's ([cluster.Clock]), so that a machine with few processors has the
// time to be thousands; the bus, which keeps no time of its own worth telling of, goes as fast as it can. Workers' clocks differ from
// the coordinator's, and are compared over the bus as always.
//
// What it checks is exact: the arrivals that were sent, of all workers together, are arrivals of the schedule, and none was sent
// twice ([Law]). What it measures is in [Figures]; docs/scale.md says what follows from them.
package sim
