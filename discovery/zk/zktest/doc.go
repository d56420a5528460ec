// Package zktest runs a ZooKeeper that somebody else wrote, for tests.
package zktest
