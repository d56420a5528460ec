package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/iagoloadgen/iago"

// pkg is a package of this module as `go list -json` tells it.
type pkg struct {
	ImportPath, Name, Doc, Dir string
	GoFiles, IgnoredGoFiles    []string
	Imports                    []string
}

// folder is the package's folder below the module's, "." for the module's own.
func (p *pkg) folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// inside are the imports from this module, by folder.
func (p *pkg) inside() (list []string) {
	for _, i := range p.Imports {
		if f, ok := strings.CutPrefix(i, module+"/"); ok {
			list = append(list, f)
		}
		if i == module {
			list = append(list, "(library)")
		}
	}
	return list
}

// foreign are the imports from other modules.
func (p *pkg) foreign() (list []string) {
	for _, i := range p.Imports {
		first, _, _ := strings.Cut(i, "/")
		if strings.Contains(first, ".") && i != module && !strings.HasPrefix(i, module+"/") {
			list = append(list, i)
		}
	}
	return list
}

// packages lists the packages of the module, for Linux and for a system without a path of its own.
func packages(t *testing.T) []*pkg {
	t.Helper()
	var all []*pkg
	for _, system := range []string{"linux", "darwin"} {
		c := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Doc,Dir,GoFiles,IgnoredGoFiles,Imports", "./...")
		c.Dir, c.Env = root, append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		var stderr bytes.Buffer
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil {
			t.Fatalf("go list: %v: %s", err, stderr.Bytes())
		}
		d := json.NewDecoder(bytes.NewReader(out))
		for {
			p := new(pkg)
			if err := d.Decode(p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
	}
	if len(all) < 40 {
		t.Fatalf("go list tells of %d packages only", len(all))
	}
	return all
}

// allowed says what each layer may import of this module: the import rule of ARCHITECTURE.md. A pattern that ends in / stands for
// everything below a folder. What is not listed may not import anything.
var allowed = map[string][]string{
	"load":             {},
	"arrival":          {"load", "internal/suggest"},
	"arrival/":         {"arrival"},
	"source":           {"load"},
	"source/":          {"source", "load"},
	"processor":        {"load"},
	"processor/":       {"processor", "load", "internal/suggest"},
	"transport":        {"load"},
	"transport/":       {"transport", "load"},
	"discovery":        {"internal/suggest"},
	"discovery/":       {"discovery"},
	"measure":          {"load"},
	"report":           {"measure", "load"},
	"report/":          {"report", "report/", "measure", "load"},
	"engine":           {"arrival", "source", "processor", "transport", "measure", "load", "internal/poller", "internal/ring"},
	"spec":             {"arrival", "discovery", "source", "processor", "processor/", "transport", "transport/proxy", "report", "load", "internal/suggest"},
	"job":              {"spec", "engine", "report", "report/", "arrival", "discovery", "source", "processor", "processor/", "transport", "measure", "load", "internal/host"},
	"cluster":          {"cluster/bus", "cluster/batch", "job", "spec", "engine", "report", "arrival", "source", "measure", "load", "internal/host"},
	"cluster/sim":      {"cluster", "cluster/bus", "arrival", "engine", "job", "measure", "report", "spec", "internal/host"},
	"cluster/sim/cmd":  {"cluster/sim", "standard"},
	"cluster/bus":      {},
	"cluster/bus/":     {"cluster/bus"},
	"target/model":     {},
	"target/":          {"target/", "measure", "load"},
	"cli":              {"job", "cluster", "cluster/", "spec", "report", "arrival", "discovery", "source", "processor", "transport", "measure", "load", "target/", "internal/"},
	"cmd/":             {"cli", "standard"},
	"standard":         {"transport/", "source/", "processor/", "arrival/", "cluster/launch/", "discovery/"},
	"internal/":        {},
	"examples/":        {"(library)", "cli", "standard", "job", "spec", "arrival", "source", "processor", "transport", "load", "measure", "report"},
	"test":             {},
	"test/netns":       {},
	"test/netns/":      {"arrival/arrivaltest"},
	"test/cluster":     {"discovery/discoverytest", "test/netns", "report"}, // these three are for tests: nothing else may import them
	"test/faults":      {},
	"test/kubernetes":  {},
	"test/discovery":   {},
	"test/outages":     {},
	"test/kubernetes/": {},
	"":                 {"job", "spec", "report", "standard"}, // the library
	"bench/":           {"report", "target/"},

	"cluster/launch":  {"internal/suggest"}, // what a launcher starts is a program, so that it knows nothing of the rest
	"cluster/launch/": {"cluster/launch", "cluster/launch/internal/", "internal/suggest"},

	"transport/tcp":           {"transport", "transport/tcp/payload", "load"},
	"transport/udp":           {"transport", "transport/tcp/payload", "load"}, // a line stands for bytes in the same ways
	"transport/memcached":     {"transport", "transport/internal/memtext", "load"},
	"transport/kestrel":       {"transport", "transport/internal/memtext", "load"},
	"transport/thrift":        {"transport", "transport/thrift/idl", "load", "internal/suggest"},
	"transport/thrift/":       {"transport", "transport/thrift", "processor", "load", "internal/suggest"},
	"cluster/batch":           {"load"},
	"cluster/rendezvous":      {"cluster/bus", "discovery"},
	"discovery/zk/zktest":     {"discovery/discoverytest"},
	"discovery/srv/srvtest":   {"discovery/discoverytest"},
	"transport/transporttest": {"engine", "processor", "source", "transport", "measure", "load"},
}

// layer is the entry of allowed that rules a folder: its own, or that of the nearest folder around it.
func layer(folder string) (may []string, known bool) {
	if may, known = allowed[folder]; known {
		return may, true
	}
	for d := folder; d != "."; {
		d = path.Dir(d)
		if may, known = allowed[d+"/"]; known {
			return may, true
		}
	}
	return nil, false
}

// forbidden are the imports of p that its layer may not have.
func forbidden(p *pkg) (list []string, err error) {
	may, known := layer(p.folder())
	if !known {
		return nil, fmt.Errorf("%s: no rule of ARCHITECTURE.md covers it; add it there and here", p.folder())
	}
	for _, i := range p.inside() {
		ok := slices.ContainsFunc(may, func(m string) bool {
			return i == m || strings.HasSuffix(m, "/") && strings.HasPrefix(i, m)
		})
		if !ok {
			list = append(list, i)
		}
	}
	return list, nil
}

func TestImportRule(t *testing.T) {
	for _, p := range packages(t) {
		list, err := forbidden(p)
		if err != nil {
			t.Error(err)
		}
		for _, i := range list {
			t.Errorf("%s imports %s; it may import %v only", p.folder(), i, allowed[p.folder()])
		}
	}
}

// TestRuleIsARule makes sure that the table above forbids what ARCHITECTURE.md forbids in words.
func TestRuleIsARule(t *testing.T) {
	never := map[string]string{
		"report": "engine", "report/html": "engine spec", "engine": "report spec job cli transport/http1", "measure": "transport transport/http1 report",
		"transport/http1": "engine measure spec source", "transport/redis": "transport/http1", "spec": "engine job cli measure", "job": "cli transport/http1",
		"load": "measure arrival", "discovery": "load engine", "discovery/zk": "discovery/etcd load",
		"source": "processor transport engine", "arrival": "source", "cli": "transport/http1 standard engine", "cmd/iago": "job transport/http1",
		"target/http": "engine transport report", "internal/poller": "load engine",
	}
	for folder, list := range never {
		for n := range strings.FieldsSeq(list) {
			p := &pkg{ImportPath: module + "/" + folder, Imports: []string{"fmt", module + "/" + n}}
			if found, err := forbidden(p); err != nil || !slices.Equal(found, []string{n}) {
				t.Errorf("%s may import %s: %v", folder, n, err)
			}
		}
	}
	if _, err := forbidden(&pkg{ImportPath: module + "/elsewhere/new"}); err == nil {
		t.Error("a package that no rule covers is let pass")
	}
}

func TestCodecsKnowNoNetwork(t *testing.T) {
	banned := []string{"net", "net/http", "net/netip", "crypto/tls", "os", "syscall", "time"}
	except := map[string]string{
		"transport":               "time",      // the seam of answers that end by silence
		"transport/tcp":           "time",      // its length is a setting
		"transport/proxy":         "net/netip", // addresses are what it is about
		"transport/thrift/idl":    "os",        // reads .thrift files before the run
		"transport/transporttest": "net net/netip os syscall time crypto/tls",
	}
	for _, p := range packages(t) {
		if !strings.HasPrefix(p.folder(), "transport/") {
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains(strings.Fields(except[p.folder()]), i) {
				continue
			}
			if slices.Contains(banned, i) || strings.HasPrefix(i, "golang.org/x/sys") {
				t.Errorf("%s imports %s: a codec knows no socket and no clock", p.folder(), i)
			}
		}
	}
}

const apacheThrift = "github.com/apache/thrift/lib/go/thrift"

// exprLang are the packages of the expressions' language that are used.
var exprLang = []string{
	"github.com/expr-lang/expr", "github.com/expr-lang/expr/ast", "github.com/expr-lang/expr/vm", "github.com/expr-lang/expr/file",
	"github.com/expr-lang/expr/builtin", "github.com/expr-lang/expr/conf", "github.com/expr-lang/expr/parser", "github.com/expr-lang/expr/types",
	"github.com/expr-lang/expr/checker",
}

// nats are the packages that the bus is made of; nothing else imports them.
var nats = []string{"github.com/nats-io/nats.go", "github.com/nats-io/nats.go/jetstream", "github.com/nats-io/nats-server/v2/server", "github.com/nats-io/nkeys"}

func TestDependenciesOfOthers(t *testing.T) {
	may := map[string][]string{
		"cli":             {"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"},
		"spec":            {"go.yaml.in/yaml/v4", "github.com/invopop/jsonschema"},
		"source":          {"github.com/klauspost/compress/zstd", "github.com/klauspost/compress/gzip"},
		"measure":         {"github.com/HdrHistogram/hdrhistogram-go"},
		"cluster":         {"github.com/klauspost/compress/s2"},
		"cluster/batch":   {"github.com/klauspost/compress/s2"},
		"internal/poller": {"golang.org/x/sys/unix"},
		"internal/host":   {"golang.org/x/sys/unix"},
		"target/http":     {"golang.org/x/sys/unix"},
		"target/udp":      {"golang.org/x/sys/unix"},
		"test/netns":      {"golang.org/x/sys/unix"},
		"test/kubernetes": {"golang.org/x/sys/unix"},

		"cluster/bus":                     nats,
		"test/netns/counting":             {"golang.org/x/sys/unix", "gonum.org/v1/gonum/stat/distuv"},
		"cluster/launch":                  {"go.yaml.in/yaml/v4"},
		"cluster/launch/kubernetes":       {"go.yaml.in/yaml/v4"},
		"cluster/launch/internal/process": {"golang.org/x/sys/unix"},

		"processor/expr":          exprLang,
		"discovery/zk":            {"github.com/go-zookeeper/zk"},
		"discovery/etcd":          {"go.etcd.io/etcd/client/v3", "go.etcd.io/etcd/api/v3/v3rpc/rpctypes", "go.uber.org/zap", "google.golang.org/grpc/connectivity"},
		"discovery/srv":           {"github.com/miekg/dns"},
		"discovery/k8s":           {"go.yaml.in/yaml/v4"},
		"discovery/discoverytest": {"go.uber.org/goleak"},
		"discovery/zk/zktest":     {"github.com/go-zookeeper/zk"},
		"discovery/srv/srvtest":   {"github.com/miekg/dns"},
		"transport/dns":           {"github.com/miekg/dns"},
		"transport/thrift/client": {apacheThrift},
		"transport/transporttest": {"go.uber.org/goleak"},
		"target/thrift":           {apacheThrift},
	}
	for _, p := range packages(t) {
		if p.folder() == "internal/deps" { // holds go.mod together while packages are being written
			continue
		}
		for _, i := range p.foreign() {
			if !slices.Contains(may[p.folder()], i) {
				t.Errorf("%s imports %s; a third-party dependency has a folder of its own, and its line in docs/dependencies.md and here", p.folder(), i)
			}
		}
	}
}

// TestBlankImports: only standard, and the commands through it, import implementations for their effect.
func TestBlankImports(t *testing.T) {
	for _, p := range packages(t) {
		if p.folder() == "standard" || p.folder() == "internal/deps" {
			continue
		}
		command := p.folder() == "" || strings.HasPrefix(p.folder(), "cmd/") || strings.HasSuffix(p.folder(), "/cmd") || strings.HasPrefix(p.folder(), "examples/")
		eachLine(t, p, func(file string, number int, line string) {
			name, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(line), "import "), `_ "`)
			if !ok {
				return
			}
			name, _, _ = strings.Cut(name, `"`)
			if name == "embed" || command && name == module+"/standard" {
				return
			}
			t.Errorf("%s:%d: blank import of %s; only standard has those", file, number, name)
		})
	}
}

func TestFilesAreShort(t *testing.T) {
	const most = 400
	for _, p := range packages(t) {
		last := map[string]int{}
		eachLine(t, p, func(file string, number int, _ string) { last[file] = number })
		for file, n := range last {
			if n > most {
				t.Errorf("%s has %d lines, more than %d: one idea a file", file, n, most)
			}
		}
	}
}

func TestNamesAndComments(t *testing.T) {
	for _, p := range packages(t) {
		if slices.Contains([]string{"util", "utils", "common", "helpers", "misc", "shared"}, p.Name) {
			t.Errorf("%s: %s is no idea", p.folder(), p.Name)
		}
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.folder())
		}
	}
}

// eachLine calls f with every line of the package's files, tests apart.
func eachLine(t *testing.T, p *pkg, f func(file string, number int, line string)) {
	t.Helper()
	for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		in, err := os.Open(filepath.Join(p.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(in)
		s.Buffer(nil, 1<<20)
		for n := 1; s.Scan(); n++ {
			f(path.Join(p.folder(), name), n, s.Text())
		}
		in.Close()
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
	}
}
