package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
)

// entry is a member as it stands in a server set: the JSON form of Twitter's commons, which Iago has always read.
type entry struct {
	Service *jsonEndpoint           `json:"serviceEndpoint"`
	Extra   map[string]jsonEndpoint `json:"additionalEndpoints"`
	Status  string                  `json:"status"`
	Shard   *int                    `json:"shard,omitempty"`
}

type jsonEndpoint struct {
	Host string `json:"host"`
	Port int    `json:"port"`
}

const alive = "ALIVE"

// ErrNotAlive is the error of [ParseEntry] for a member whose status is another than ALIVE.
var ErrNotAlive = errors.New("not alive")

// AppendEntry appends the member's entry in a server set to dst, with status ALIVE:
//
//	{"serviceEndpoint":{"host":"10.0.0.1","port":80},"additionalEndpoints":{},"status":"ALIVE","shard":0}
func AppendEntry(dst []byte, m Member) ([]byte, error) {
	if err := m.Validate(); err != nil {
		return dst, fmt.Errorf("discovery: member: %w", err)
	}
	e := entry{Service: &jsonEndpoint{m.Host, m.Port}, Extra: map[string]jsonEndpoint{}, Status: alive, Shard: &m.Shard}
	for name, x := range m.Extra {
		e.Extra[name] = jsonEndpoint(x)
	}
	b, err := json.Marshal(e)
	if err != nil {
		return dst, fmt.Errorf("discovery: member: %w", err)
	}
	return append(dst, b...), nil
}

// ParseEntry reads an entry of a server set. endpoint names the additional endpoint to reach the member at; "": its service
// endpoint. Fields that it does not know are passed over. The error is [ErrNotAlive], or says what is wrong with the entry.
func ParseEntry(name string, text []byte, endpoint string) (Member, error) {
	var e entry
	if err := json.Unmarshal(text, &e); err != nil {
		return Member{}, fmt.Errorf("discovery: entry %s: %w", name, err)
	}
	switch {
	case e.Service == nil:
		return Member{}, fmt.Errorf("discovery: entry %s: no serviceEndpoint", name)
	case e.Status == "":
		return Member{}, fmt.Errorf("discovery: entry %s: no status; expected %q", name, alive)
	case e.Status != alive:
		return Member{}, fmt.Errorf("discovery: entry %s: status %q: %w", name, e.Status, ErrNotAlive)
	}
	m := Member{Host: e.Service.Host, Port: e.Service.Port, Name: name}
	for n, x := range e.Extra {
		if m.Extra == nil {
			m.Extra = map[string]Endpoint{}
		}
		m.Extra[n] = Endpoint(x)
	}
	if e.Shard != nil {
		m.Shard = *e.Shard
	}
	if endpoint != "" {
		x, ok := m.Extra[endpoint]
		if !ok {
			return Member{}, fmt.Errorf("discovery: entry %s: no additional endpoint %q", name, endpoint)
		}
		m.Host, m.Port = x.Host, x.Port
	}
	if err := m.Validate(); err != nil {
		return Member{}, fmt.Errorf("discovery: entry %s: %w", name, err)
	}
	return m, nil
}
