package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// python is the interpreter that Debian's packages belong to.
const python = "/usr/bin/python3"

// startThrift starts a server made with Apache Thrift's Python library and what Debian's compiler makes of an IDL file; handler answers
// its calls.
func startThrift(t *testing.T, idl, service, handler, carrier, protocol string) *server {
	t.Helper()
	generated := t.TempDir()
	c := exec.CommandContext(t.Context(), program(t, "thrift"), "-r", "--gen", "py", "-out", generated, absolute(t, idl))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("thrift: %v: %s", err, out)
	}
	return startServer(t, func(port int) *exec.Cmd {
		return exec.Command(python, absolute(t, "testdata/thrift/server.py"), generated, service, absolute(t, handler), carrier, protocol, fmt.Sprint(port))
	}, nil)
}

// handled counts the calls that a server has handled, by method.
func (s *server) handled() map[string]int64 {
	calls := map[string]int64{}
	for line := range strings.Lines(s.out.String()) {
		calls[strings.TrimSpace(line)]++
	}
	return calls
}

// Thrift by IDL against Apache's Python library: calls, a declared exception, one-way calls.
func TestProtocolThrift(t *testing.T) {
	long(t)
	t.Parallel()
	shop := filepath.Join(protocolsDir, "shop.thrift")
	eachPoller(t, func(t *testing.T, poller string) {
		s := startThrift(t, shop, "shop.Shop", "testdata/thrift/shop.py", "framed", "binary")
		o := protocolRunOf(t, filepath.Join(protocolsDir, "thrift.yaml"), "--target", "thrift://"+s.address, poller)
		wantShop(t, o, s)
	})
	for _, way := range [][2]string{{"buffered", "compact"}, {"framed", "json"}, {"header", "compact"}, {"buffered", "binary"}} {
		t.Run(way[0]+" "+way[1], func(t *testing.T) {
			t.Parallel()
			s := startThrift(t, shop, "shop.Shop", "testdata/thrift/shop.py", way[0], way[1])
			spec := edited(t, "thrift.yaml", "transport: framed", "transport: "+way[0], "protocol: binary", "protocol: "+way[1])
			wantShop(t, protocolRunOf(t, spec, "--target", "thrift://"+s.address), s)
		})
	}
}

// wantShop checks a run of thrift.yaml. One-way calls have no answer: they have ended when they are sent, so that the server may still
// be busy with the last of them.
func wantShop(t *testing.T, o *outcome, s *server) {
	t.Helper()
	o.kept(t)
	o.wantStatuses(t, map[string]int64{"ok": 120, "exception SoldOut": 60, "none": 60})
	if o.Requests.Completed != 240 || o.Checks["echoed"].Failed != 0 || o.Checks["echoed"].Passed == 0 {
		t.Errorf("requests %+v, checks %v, errors %v", o.Requests, o.Checks, o.Errors)
	}
	want := map[string]int64{"echo": 60, "order": 120, "visited": 60}
	eventually(patience, func() bool { return s.handled()["visited"] == want["visited"] })
	for method, n := range want {
		if got := s.handled()[method]; got != n || o.labeled()[method] != n {
			t.Errorf("%s: the server handled %d, iago counts %d; expected %d", method, got, o.labeled()[method], n)
		}
	}
}

// A service whose IDL nobody has seen before: with an included file, a union, an exception and a map of lists. It is loaded from the IDL
// alone, and its answers are checked.
func TestProtocolThriftUnseenIDL(t *testing.T) {
	long(t)
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"common/things.thrift": `namespace py things
enum Kind { BOOK = 1, MAP = 4 }
struct Thing { 1: required string title, 2: Kind kind = Kind.BOOK, 3: optional i32 year }
union Query { 1: string title, 2: i32 year, 3: Kind kind }
exception NotFound { 1: string what, 2: list<string> similar }
`,
		"library.thrift": `include "common/things.thrift"
namespace py library
typedef map<string, list<things.Thing>> Shelves
service Base { i32 visitors() }
service Library extends Base {
  Shelves find(1: things.Query query) throws (1: things.NotFound notFound),
  i32 store(1: Shelves shelves),
}
`,
		"handler.py": `from things.ttypes import Kind, NotFound, Thing
class Handler:
    def visitors(self): return 7
    def find(self, query):
        if query.title == "none": raise NotFound(what=query.title, similar=["one", "nine"])
        if query.kind == Kind.MAP: return {"maps": [Thing(title="Rome", kind=Kind.MAP), Thing(title="Moon", kind=Kind.MAP, year=1969)]}
        return {"y": [Thing(title=str(query.year), year=query.year)], "empty": []}
    def store(self, shelves): return sum(len(s) for s in shelves.values())
`,
		"calls.jsonl": `{"method": "find", "args": {"query": {"kind": "MAP"}}, "want": {"success": {"maps": [{"title": "Rome", "kind": "MAP"}, {"title": "Moon", "kind": "MAP", "year": 1969}]}}}
{"method": "find", "args": {"query": {"year": 1870}}, "want": {"success": {"y": [{"title": "1870", "kind": "BOOK", "year": 1870}], "empty": []}}}
{"method": "find", "args": {"query": {"title": "none"}}, "want": {"exception": "NotFound", "value": {"what": "none", "similar": ["one", "nine"]}}}
{"method": "store", "args": {"shelves": {"a": [{"title": "x"}, {"title": "y", "kind": 4}], "b": [{"title": "z"}]}}, "want": {"success": 3}}
{"method": "visitors", "want": {"success": 7}}
`,
		"spec.yaml": `target: thrift://127.0.0.1
records: calls.jsonl
request: {expr: {keep: {want: toJSON(json.want)}}}
thrift: {idl: library.thrift, service: Library, protocol: compact}
checks: [{name: as wanted, expr: 'toJSON(json) == kept.want'}]
`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), text)
	}
	s := startThrift(t, filepath.Join(dir, "library.thrift"), "library.Library", filepath.Join(dir, "handler.py"), "framed", "compact")
	o := protocolRunOf(t, filepath.Join(dir, "spec.yaml"), "--target", "thrift://"+s.address)
	o.kept(t)
	o.wantStatuses(t, map[string]int64{"ok": 192, "exception NotFound": 48})
	if c := o.Checks["as wanted"]; c.Passed != 240 || c.Failed != 0 {
		t.Errorf("checks %v, errors %v; iago.log:\n%s", o.Checks, o.Errors, read(t, filepath.Join(o.dir, "iago.log")))
	}
	if got := s.handled(); got["find"] != 144 || got["store"] != 48 || got["visitors"] != 48 {
		t.Errorf("the server handled %v", got)
	}
}

// The service of examples/thrift-echo, made with Apache Thrift's Go library, called by its IDL.
func TestProtocolThriftGo(t *testing.T) {
	long(t)
	t.Parallel()
	const example = root + "/examples/thrift-echo"
	server := filepath.Join(t.TempDir(), "thrift-echo")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", server, ".")
	build.Dir = example
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := startServer(t, func(port int) *exec.Cmd { return exec.Command(server, "serve", fmt.Sprintf("127.0.0.1:%d", port)) }, nil)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "lines.txt"), "one\ntwo \"three\"\nföur\n")
	write(t, filepath.Join(dir, "spec.yaml"), `target: thrift://127.0.0.1
records: {file: lines.txt, format: lines}
request:
  expr: {method: '"echo"', body: '{"message": raw}', keep: {said: raw}}
thrift: {idl: `+absolute(t, example+"/echo.thrift")+`}
checks: [{name: echoed, expr: 'json.success == kept.said'}]
`)
	o := protocolRunOf(t, filepath.Join(dir, "spec.yaml"), "--target", "thrift://"+s.address)
	o.kept(t)
	o.wantStatuses(t, map[string]int64{"ok": 240})
	if o.Checks["echoed"].Passed != 240 {
		t.Errorf("checks %v, errors %v", o.Checks, o.Errors)
	}
}

// read is a file's text.
func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}
