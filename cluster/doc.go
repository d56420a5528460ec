// Package cluster runs one job in many processes: feeders read the records, workers send the load, and one of the feeders
// coordinates. They meet on a bus (cluster/bus) and need nothing else of each other.
//
// # The rate is a promise
//
// The arrival process is divided into many parts ([arrival.Parts]); the union of all parts is the process, whoever holds which. A
// worker holds some of them for as long as its lease runs. It renews the lease itself, by compare-and-set on a key of its own, and
// counts the time from before the renewal was sent, on its own monotonic clock. The coordinator counts from when it saw the
// renewal, which is later, and takes a part away only after that time has run out and it has itself written the lease's end into
// the same key, so that a renewal on its way comes too late. Hence no part has two owners at a time, whatever the network does and
// whoever's clock is wrong: the load can fall short of what was asked, but never exceed it (Gray and Cheriton, "Leases: an
// efficient fault-tolerant mechanism for distributed file cache consistency", SOSP 1989).
//
// A worker whose lease ends stops by itself and aborts what its sockets still hold. When it comes back it is given parts
// from then on; what fell due meanwhile is nobody's, is counted as unsent, and is not made up for.
//
// # What is written where
//
//	spec        what is to be run; written once
//	leader      who coordinates, and since when; the coordinator's own lease
//	plan        the job as it is now: phase, start instant, changes of the rate, end; written by the coordinator
//	share.ID    the parts of worker ID, each with the time from and up to which they are its own; written by the coordinator
//	lease.ID    the worker's own key: that it lives, and which share it has taken note of
//	feed.N      how far feeder part N has come
//
// Results go into the bus's log: the figures of every second as the worker's engine hands them over, and a last word. They
// are there whether or not somebody collects them, and the coordinator that does may be the third one. Records are in the
// bus's queue, and acknowledged once the requests made of them have been taken up.
package cluster
