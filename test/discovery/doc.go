// Package discovery holds runs and jobs to finding their targets, and their bus, where real systems keep them: ZooKeeper, the DNS. Members
// come and go meanwhile, and so does the bus. It holds tests only.
package discovery
