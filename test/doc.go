// Package test looks at Iago from outside: the binary as users run it (script files in testdata/script, a user story
// each), the figures of whole runs against targets that tell what they saw, real servers, the commands of the
// documentation, and the import rule of ARCHITECTURE.md. It holds tests only.
package test
