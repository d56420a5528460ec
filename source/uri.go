package source

import (
	"bytes"

	"github.com/iagoloadgen/iago/load"
)

// uriFormat is that of the original: one path with its query a line. Blanks around it do not count. An absolute http or https
// URL stands for its path and query, and a fragment is left out, as a client would (RFC 9110, section 7.1).
var uriFormat = Format{
	Name:    "uri",
	Summary: "a path with its query on each line (/search?q=iago), or a whole URL; lines that begin with # are comments",
	Parse:   parseURI,
	Ignore: func(line []byte) bool {
		line = trimBlanks(line)
		return len(line) == 0 || line[0] == '#'
	},
}

func parseURI(line []byte, r *load.Record) (err error) {
	target, _, _ := bytes.Cut(trimBlanks(line), []byte("#"))
	r.URI, err = appendTarget(r.URI[:0], nil, target)
	return err
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
