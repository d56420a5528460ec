// Package load holds the nouns that every other package speaks: a [Record] comes out of a source, a
// processor makes [Request]s of it, a transport carries them to a [Target] and a [Response] comes back.
//
// The package imports the standard library only and has no behavior beyond keeping its memory: the same
// Record, Request and Response are filled again and again, so that a steady run allocates nothing.
package load

import "time"

// Field is a name and a value, for example a header. The bytes belong to the Record or Request they are in.
type Field struct {
	Name, Value []byte
}

// Record is one entry of a source: what is known of a request that somebody once made, or will make.
// It is filled by Source.Read and valid until the next Read into the same Record.
type Record struct {
	File string // where it was read, for messages: "access.log", "stdin"
	Line int64  // 1-based line in File
	Raw  []byte // the entry as it stands in the source, without its line end

	Method []byte    // empty: the processor's default
	URI    []byte    // path and query, or whatever addresses the thing asked for
	Header []Field   // what the source knows of the request's headers
	Body   []byte    // empty: none
	Time   time.Time // when it happened; zero: unknown

	Fields []Field // further parts of the entry by name, where its format has names for them (columns, groups)
	Object []byte  // the entry as a JSON object, where its format is JSON; else empty
}

// Reset empties r and keeps its memory.
func (r *Record) Reset() {
	r.File, r.Line, r.Time = "", 0, time.Time{}
	r.Raw, r.Method, r.URI, r.Body = r.Raw[:0], r.Method[:0], r.URI[:0], r.Body[:0]
	r.Header, r.Fields, r.Object = r.Header[:0], r.Fields[:0], r.Object[:0]
}

// Request is one thing to send, protocol-neutral: each transport says in its README which fields it reads.
//
// A Request is owned by one goroutine at a time: the processor that fills it, then the shard that sends it.
// Fields may be set to slices of any memory that outlives the processor's call; use [Request.Keep] for
// bytes that do not, such as those of a Record.
type Request struct {
	Method []byte
	URI    []byte
	Header []Field
	Body   []byte
	Key    []byte // what a transport that spreads requests by key goes by; empty: what it finds in the request
	Client []byte // address, with a port or without, that the PROXY protocol tells as the client's; empty: the job's
	Label  string // groups figures; empty: the job's label rule decides
	Weight int    // arrivals of its shard that it consumes, its own the first; 0 counts as 1
	State  any    // the processor's own, to know the request by when its outcome comes back

	// Wire is the encoded request, filled by the engine with the transport's codec. Where Hold > 0, only
	// the first Hold bytes are sent until the answer says that the rest is wanted (HTTP's 100-continue).
	// OneWay, set by the codec, says that no answer will come: the request has ended when it is handed to the kernel.
	Wire   []byte
	Hold   int
	OneWay bool

	arena []byte
}

// Reset empties r and keeps its memory.
func (r *Request) Reset() {
	r.Method, r.URI, r.Body, r.Label, r.Weight, r.Hold, r.OneWay = nil, nil, nil, "", 0, 0, false
	r.Key, r.Client, r.State = nil, nil, nil
	r.Header, r.Wire, r.arena = r.Header[:0], r.Wire[:0], r.arena[:0]
}

// Keep copies b into memory that lives as long as r's current content and returns the copy.
func (r *Request) Keep(b []byte) []byte {
	n := len(r.arena)
	r.arena = append(r.arena, b...)
	return r.arena[n:len(r.arena):len(r.arena)]
}

// KeepString is [Request.Keep] for a string.
func (r *Request) KeepString(s string) []byte {
	n := len(r.arena)
	r.arena = append(r.arena, s...)
	return r.arena[n:len(r.arena):len(r.arena)]
}

// Response is what a codec found out about an answer. It is reused: valid until the connection's next answer.
type Response struct {
	Status    int   // the protocol's status; 0: none. At most [MaxStatus].
	Body      int64 // bytes of content received, after transfer decoding, before decompression
	Close     bool  // the connection must not be used again
	Continue  bool  // the rest of a held request is wanted now
	HeaderLen int64 // bytes of everything before the content

	// Keep, set by the engine, asks the codec for the answer itself: its header fields and up to Keep bytes of content
	// (0: only the figures above, which cost less). See [Response.AppendContent] and [Response.AddHeader].
	Keep    int64
	Header  []Field
	Content []byte

	// Redirect, above 0, says that target number Redirect-1 must be asked instead, before there is an outcome: the engine sends
	// RedirectPrefix and the request's bytes there. For protocols whose clients route by what servers answer (Redis Cluster).
	// RedirectAmong is what Redirect counts in, the targets that a router was given at some time; nil: those of the moment.
	Redirect       int
	RedirectAmong  []Target
	RedirectPrefix []byte

	arena []byte
}

// AppendContent keeps b, as far as Keep allows, and returns how many bytes that was.
func (r *Response) AppendContent(b []byte) int {
	n := min(int64(len(b)), r.Keep-int64(len(r.Content)))
	if n <= 0 {
		return 0
	}
	r.Content = append(r.Content, b[:n]...)
	return int(n)
}

// AddHeader keeps a header field; name and value are copied. It does nothing where Keep is 0.
func (r *Response) AddHeader(name, value []byte) {
	if r.Keep <= 0 {
		return
	}
	from := len(r.arena)
	r.arena = append(append(r.arena, name...), value...)
	mid, end := from+len(name), len(r.arena)
	r.Header = append(r.Header, Field{r.arena[from:mid:mid], r.arena[mid:end:end]})
}

// MaxStatus is the largest status that is counted by its own number; larger ones are refused by codecs as malformed.
const MaxStatus = 999

// Reset makes r ready for the next answer; Keep and the memory stay.
func (r *Response) Reset() {
	*r = Response{Keep: r.Keep, Header: r.Header[:0], Content: r.Content[:0], RedirectPrefix: r.RedirectPrefix[:0], arena: r.arena[:0]}
}

// Target is an address under test.
type Target struct {
	URL    string // as the user gave it, without secrets; names the target in messages
	Scheme string // "http", "https", …
	Host   string // name or address to connect to, without brackets
	Port   int
	Path   string // put before every request's path; "" or "/…" without a trailing slash
	TLS    bool
	Unix   string // path of a Unix socket, instead of Host and Port

	Datagram bool // requests and answers are datagrams (UDP)
}
