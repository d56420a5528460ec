package spec

import (
	"reflect"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/processor/expr"
	"github.com/iagoloadgen/iago/transport/proxy"
)

const second = Duration(time.Second)

// Records says where records come from. In a file it may be just the name of the file of records.
type Records struct {
	// The file, plain or compressed with gzip or zstd; "-" is standard input. Relative to the spec file's folder.
	File string `yaml:"file,omitempty"`

	// The format of the file, such as uri or combined. Default: guessed from the content.
	Format string `yaml:"format,omitempty"`

	// Names of the columns of csv and tsv, for expressions: fields.NAME. A line of names at the top is left out by skip: 1.
	Columns []string `yaml:"columns,omitempty"`

	// Start over at the file's end. If false, its end ends the schedule.
	Loop bool `yaml:"loop"`

	// Records to skip at the beginning.
	Skip int64 `yaml:"skip" jsonschema:"minimum=0"`

	// Records to use at most, after those skipped. 0: all.
	Limit int64 `yaml:"limit" jsonschema:"minimum=0"`

	// The longest line; a longer one is a bad record.
	MaxLine Size `yaml:"max_line"`
}

// decode implements custom: the file's name alone, or all the fields.
func (r *Records) decode(d *decoder, n *yaml.Node, field string) {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		d.value(n, reflect.ValueOf(&r.File).Elem(), join(field, "file"))
		return
	}
	d.structure(n, reflect.ValueOf(r).Elem(), field)
}

// IsZero says that there are no records, so that a spec without them is written without their options.
func (r Records) IsZero() bool { return r.File == "" }

// Request says how a record becomes a request, and what is sent when there are no records.
type Request struct {
	// The method of requests whose record has none.
	Method string `yaml:"method" jsonschema:"minLength=1"`

	// The path and query of requests whose record has none. Default: the target's own path.
	URI string `yaml:"uri,omitempty"`

	// Headers added to each request, or put in the place of the record's.
	Headers Headers `yaml:"headers,omitempty"`

	// The Host header. Default: the target's host and port.
	Host string `yaml:"host,omitempty"`

	// Put before the path of each request.
	Prefix string `yaml:"prefix,omitempty" jsonschema:"pattern=^/"`

	// The body of requests whose record has none.
	Body string `yaml:"body,omitempty"`

	// A file with that body, relative to the spec file's folder.
	BodyFile string `yaml:"body_file,omitempty"`

	// Mark each request with the header X-Iago: true.
	Marker bool `yaml:"marker"`

	// Give each request a random address in X-Forwarded-For.
	ForwardedFor bool `yaml:"forwarded_for"`

	// The User-Agent of requests that have none from headers or their record. Default: iago and its version.
	UserAgent string `yaml:"user_agent,omitempty"`

	// Send the headers that the record knows of, such as its referrer and user agent.
	RecordHeaders bool `yaml:"record_headers"`

	// Parts of requests by expressions over the record, instead of the fields above.
	Expr expr.Request `yaml:"expr,omitempty"`

	// What is done to the record's query before anything else: parameters dropped, times in them shifted.
	Query expr.Query `yaml:"query,omitempty"`
}

// FollowUpLimits bounds the requests that are made out of responses.
type FollowUpLimits struct {
	// How long a chain may get: a follow-up of a follow-up has depth 2. 0: no follow-ups.
	Depth int `yaml:"depth" jsonschema:"minimum=0,maximum=255"`

	// The most that one response may make.
	PerResponse int `yaml:"per_response" jsonschema:"minimum=0"`

	// The most that wait for their moment, think time included, or for a connection.
	Pending int `yaml:"pending" jsonschema:"minimum=1"`
}

// Proxy is the header of the PROXY protocol.
type Proxy struct {
	proxy.Config `yaml:",inline"`
}

// decode implements custom: what is not said has its default.
func (p *Proxy) decode(d *decoder, n *yaml.Node, field string) {
	p.Config = *proxy.NewConfig()
	d.structure(n, reflect.ValueOf(&p.Config).Elem(), field)
}

// IsZero says that no header is sent.
func (p Proxy) IsZero() bool { return p.Version == "" }

// Pool says how connections are kept.
type Pool struct {
	// Connections per target that stay open however long they idle, up to max_idle.
	Keep int `yaml:"keep" jsonschema:"minimum=0"`

	// The most connections open to one target. 0: no limit of its own.
	PerTarget int `yaml:"per_target" jsonschema:"minimum=0"`

	// A connection beyond those kept is closed after idling this long. 0: never.
	Idle Duration `yaml:"idle"`

	// Any connection is closed after idling this long. 0: never.
	MaxIdle Duration `yaml:"max_idle"`

	// A connection is closed at this age, between two requests. 0: never.
	MaxLife Duration `yaml:"max_life"`

	// Use a connection for more than one request.
	Reuse bool `yaml:"reuse"`
}

// TLS says how targets are authenticated and how this side authenticates itself. Files are relative to the spec file's folder.
type TLS struct {
	// A file of certificates (PEM) to trust instead of the system's.
	CA string `yaml:"ca,omitempty"`

	// A client certificate (PEM), with key.
	Cert string `yaml:"cert,omitempty"`

	// The private key (PEM) of cert.
	Key string `yaml:"key,omitempty"`

	// The name that the target's certificate must bear, and that is asked for (SNI). Default: the target's host.
	ServerName string `yaml:"server_name,omitempty"`

	// Accept any certificate.
	Insecure bool `yaml:"insecure,omitempty"`
}

// Overload says what to do with a request that is due while all connections are busy.
type Overload struct {
	// queue: it waits, its due time unchanged. drop: it waits too, unless as many as limit already do; then it is dropped.
	Policy Policy `yaml:"policy"`

	// How many may wait before further ones are dropped.
	Limit int `yaml:"limit" jsonschema:"minimum=0"`
}

// Labels says how requests are grouped in figures: by the first rule that matches, else by the path's first segments.
type Labels struct {
	// The first segments of the path that make the label. 0: no label without a rule.
	Segments int `yaml:"segments" jsonschema:"minimum=0"`

	// The most labels; requests beyond them share one.
	Max int `yaml:"max" jsonschema:"minimum=1,maximum=10000"`

	// Labels for requests that match, the first rule first.
	Rules []LabelRule `yaml:"rules,omitempty"`
}

// LabelRule labels the requests whose path and query match a regular expression (RE2).
type LabelRule struct {
	// The expression, for example ^/item/\d+
	Match string `yaml:"match" jsonschema:"required,minLength=1"`

	// The label, for example /item/:id; $1 or ${name} stand for groups of the expression.
	Name string `yaml:"name" jsonschema:"required,minLength=1"`
}
