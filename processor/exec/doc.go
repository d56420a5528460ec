// Package exec makes requests of records by an outside program, in any language: records go to its standard input as JSON lines,
// its standard output says what requests they become, and where it is asked for it sees the outcomes. docs/exec-protocol.md is
// the protocol, version [Version].
//
//	source ─▶ reader ─▶ slot 0: queue ─▶ program ─▶ answers ─┐
//	                 ─▶ slot 1: queue ─▶ program ─▶ answers ─┴▶ in the records' order ─▶ Next
//
// A [Stage] has a slot for each program. A slot outlives its program: what a program that died had not answered goes to its
// successor. Each record ends once, as requests, filtered or bad, whatever happens to the programs; its requests are released
// when the whole line that answers it has been read, so never in part. Records leave in the order in which they were read, so that
// the number of programs changes nothing for programs that treat each record by itself.
package exec
