// Package srvtest runs a name server that somebody else wrote, for tests.
package srvtest
