package redis

import (
	"fmt"

	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/transport"
)

// codec implements [transport.Codec] and [transport.Labeler].
type codec struct {
	config   Config
	statuses *transport.Statuses
	greeting []byte   // what is said on each connection before its first request
	steps    []string // the commands in it
}

// The numbers of the fixed outcomes; error kinds follow. No outcome has 0, which is "no status" elsewhere.
const (
	statusOK = iota + 1
	statusNil
)

// AppendRequest implements [transport.Codec]. On an error dst comes back as it was.
func (c *codec) AppendRequest(dst []byte, req *load.Request, target *load.Target) ([]byte, error) {
	if target.Path != "" {
		return dst, fmt.Errorf("transport/redis: target %s has a path; want host and port only (the database is redis.database)", target.URL)
	}
	out, err := appendCommand(dst, req.Body)
	if err != nil {
		return dst, fmt.Errorf("transport/redis: command %s: %w", excerpt(req.Body), err)
	}
	return out, nil
}

// excerpt shows the beginning of a command.
func excerpt(body []byte) string {
	const most = 80
	if len(body) > most {
		return fmt.Sprintf("%q…", body[:most])
	}
	return fmt.Sprintf("%q", body)
}

// NewConn implements [transport.Codec].
func (c *codec) NewConn() transport.Conn {
	return &conn{codec: c, reader: reader{limit: c.config.AnswerLimit}}
}

// StatusName implements [transport.Codec]: "ok", "nil", or the kind of an error.
func (c *codec) StatusName(status int) string { return c.statuses.Name(status) }

// ServerError implements [transport.Codec]: every kind of error is one.
func (c *codec) ServerError(status int) bool { return status > statusNil }

// Label implements [transport.Labeler]: the command's name in capitals, "other" for what is not in the table.
func (c *codec) Label(req *load.Request) string {
	var name nameBuf
	if f := lookup(name.of(req.Body)); f != nil {
		return f.name
	}
	return "other"
}
