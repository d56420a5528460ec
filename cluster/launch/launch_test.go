package launch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestName(t *testing.T) {
	for job, want := range map[string]string{"shop": "shop", "shop-2": "shop-2", "Shop": "shop-", "a_b": "a-b-", "9": "job-9-", "a-very-long-name-of-a-job": "a-very-long-n-"} {
		got := Name(job, 20)
		if changed := strings.HasSuffix(want, "-"); !strings.HasPrefix(got, want) || changed != (len(got) == len(want)+6) {
			t.Errorf("Name(%q) = %q, expected %q", job, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.StringMatching(`[A-Za-z0-9_-]{1,100}`)
		a, b, most := gen.Draw(t, "a"), gen.Draw(t, "b"), rapid.IntRange(12, 60).Draw(t, "most")
		x, y := Name(a, most), Name(b, most)
		if len(x) > most || strings.Trim(x, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || x[0] < 'a' || strings.HasSuffix(x, "-") {
			t.Errorf("Name(%q, %d) = %q", a, most, x)
		}
		if (a == b) != (x == y) {
			t.Errorf("%q and %q are called %q and %q", a, b, x, y)
		}
	})
}

func TestQuote(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "''"}, {"a b", "'a b'"}, {"it's", `'it'\''s'`}, {"--bus=nats://h:1", "--bus=nats://h:1"}, {"$(x)", "'$(x)'"}, {"~", "'~'"},
	} {
		if got := Quote(tt.in); got != tt.want {
			t.Errorf("Quote(%q) = %s, expected %s", tt.in, got, tt.want)
		}
	}
	if got := Join([]string{"a", "b c"}); got != "a 'b c'" {
		t.Error(got)
	}
}

func TestComplete(t *testing.T) {
	a, b := Job{Name: "a", Spec: File{Data: []byte("x")}}, Job{}
	a.Complete()
	b.Complete()
	if err := a.Validate(); err != nil {
		t.Error(err)
	}
	if len(a.Bus.Token) < 32 || string(a.Bus.Token) == string(b.Bus.Token) {
		t.Errorf("tokens %q and %q", a.Bus.Token, b.Bus.Token)
	}
	given := Job{Bus: Bus{URL: "nats://a:1"}}
	if given.Complete(); len(given.Bus.Token) > 0 || given.Bus.Embedded {
		t.Errorf("%+v, expected no token: the bus is somebody else's", given.Bus)
	}
}

func TestValidate(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Job)
		want   string
	}{
		"nothing":   {func(j *Job) { *j = Job{} }, "name"},
		"spec":      {func(j *Job) { j.Spec = File{Name: "x"} }, "spec"},
		"no bus":    {func(j *Job) { j.Bus = Bus{} }, "bus: expected a URL"},
		"bus":       {func(j *Job) { j.Bus.URL = "bus" }, `"bus"`},
		"unread":    {func(j *Job) { j.Bus.URL = "nats://a:b@c d" }, "cannot be read"},
		"cluster":   {func(j *Job) { j.Bus.URL = "nats://a:1,nats://me@b:1" }, "--bus-token-file"},
		"listen":    {func(j *Job) { j.Bus.Listen = "4222" }, "HOST:PORT"},
		"port":      {func(j *Job) { j.Bus.Listen = "a:0" }, "from 1 to 65535"},
		"open":      {func(j *Job) { j.Bus.Token = nil }, "a token only"},
		"two":       {func(j *Job) { j.Bus.NKey = []byte("x") }, "one of a token"},
		"server":    {func(j *Job) { j.Bus.ServeKey = []byte("x") }, "certificate and its key"},
		"long":      {func(j *Job) { j.Name = strings.Repeat("x", 65) }, "1 to 64"},
		"head":      {func(j *Job) { j.Name = "_x" }, "head"},
		"env":       {func(j *Job) { j.Env = map[string]string{"A=B": ""} }, "env"},
		"resources": {func(j *Job) { j.Workers.Resources = Resources{CPU: 2, CPULimit: 1} }, "more than the limit"},
		"memory":    {func(j *Job) { j.Feeders.Resources = Resources{Memory: 2, MemoryLimit: 1} }, "more than the limit"},
	} {
		j := Job{Name: "a", Spec: File{Data: []byte("x")}}
		j.Complete()
		tt.change(&j)
		if err := j.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", name, err, tt.want)
		}
	}
}

func TestCommands(t *testing.T) {
	j := Job{Name: "a", Spec: File{Data: []byte("x")}, Bus: Bus{URL: "nats://b:1", Embedded: true, CA: []byte("d"), ServeCert: []byte("e"), ServeKey: []byte("f")}}
	j.Complete()
	j.Feeders = Group{Count: 2, Args: []string{"--out", "x"}}
	var got []string
	for _, c := range j.Commands(Layout{Spec: "s.yaml", Secrets: "bus", Bus: j.Bus.URL, Listen: "0.0.0.0:1"}) {
		got = append(got, c.Name+": "+Join(c.Args))
	}
	files := "--bus-token-file bus/token --bus-ca bus/ca.pem"
	want := []string{
		"feeder-0: feed s.yaml --yes --job a --workers 1 --feeders 2 --bus embedded --bus-listen 0.0.0.0:1 " + files +
			" --bus-serve-cert bus/serve-cert.pem --bus-serve-key bus/serve-key.pem --out x",
		"feeder-1: feed s.yaml --yes --job a --workers 1 --feeders 2 --bus nats://b:1 --wait-bus 10m " + files + " --out x",
		"worker-0: worker --job a --name worker-0 --bus nats://b:1 --wait-bus 10m " + files,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestStatus(t *testing.T) {
	over := func(exit int) Process { return Process{Role: Feeder, State: Failed, Exit: exit} }
	for _, tt := range []struct {
		list  []Process
		want  int
		known bool
	}{
		{nil, -1, false},
		{[]Process{over(0)}, 0, true},
		{[]Process{over(0), over(3)}, 3, true},   // the first stood by
		{[]Process{over(137), over(0)}, 0, true}, // the second took over
		{[]Process{over(137), over(4)}, 4, true},
		{[]Process{over(137)}, 137, true},
		{[]Process{over(-1)}, -1, false},
		{[]Process{over(130), over(0)}, 130, true},
		{[]Process{{Role: Worker, State: Failed, Exit: 1}, {Role: Feeder, State: Running}}, -1, false},
	} {
		if got, known := Status(tt.list); got != tt.want || known != tt.known {
			t.Errorf("%+v: %d, %v; expected %d, %v", tt.list, got, known, tt.want, tt.known)
		}
	}
}

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := File{Name: "x", Path: path}
	if b, err := f.Content(5); err != nil || string(b) != "12345" {
		t.Errorf("%q, %v", b, err)
	}
	for name, f := range map[string]File{"more than": f, "no ordinary file": {Path: t.TempDir()}, "no such file": {Path: path + "y"}} {
		if _, err := f.Content(4); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, files := range map[string][]File{
		"outside": {{Name: "a/../../b"}}, "outside ": {{Name: "/etc/x"}}, "twice": {{Name: "a/b"}, {Name: "a//b"}}, "twice ": {{Name: "./s"}},
	} {
		j := Job{Spec: File{Name: "s"}, Files: files}
		if _, err := j.Carried(); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(name)) {
			t.Errorf("%v: %v, expected %s", files, err, name)
		}
	}
}

type testOptions struct {
	Text   string            `yaml:"text" help:"some text"`
	Number int               `yaml:"number"`
	List   []string          `yaml:"list"`
	Map    map[string]string `yaml:"map"`
	Wait   time.Duration     `yaml:"wait"`
	other  int
}

func (o *testOptions) NewLauncher() (Launcher, error) { o.other++; return nil, nil }

func TestOptions(t *testing.T) {
	var o *testOptions
	d := Def{Name: "test", Options: func() Options { o = &testOptions{Number: 7, Wait: time.Second}; return o }}
	_, err := d.New([]byte("number: 8\nlist: [x]\nwait: 5s\n"), "text={{.A}}: b", "list=[a, b]", "map={k: v}", "wait=1m")
	want := testOptions{Text: "{{.A}}: b", Number: 8, List: []string{"a", "b"}, Map: map[string]string{"k": "v"}, Wait: time.Minute}
	if err != nil || o.Text != want.Text || o.Number != want.Number || !slices.Equal(o.List, want.List) || o.Map["k"] != "v" || o.Wait != want.Wait {
		t.Errorf("%+v, %v; expected %+v", o, err, want)
	}
	list := d.List()
	if len(list) != 5 || list[0] != (Option{"text", "", "some text"}) || list[1].Default != "7" || list[4].Default != "1s" {
		t.Errorf("%+v", list)
	}
	for _, tt := range []struct{ setting, want string }{{"number=x", "a number"}, {"list=x", "a list"}, {"map=[", "pairs"}, {"nmber=1", `"number"`}} {
		if _, err := d.New(nil, tt.setting); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, expected %q", tt.setting, err, tt.want)
		}
	}
	if _, err := d.New([]byte("number: x\nnobody: 1\n")); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Error(err)
	}
}

func TestRegister(t *testing.T) {
	options := func() Options { return &testOptions{} }
	if len(Defs()) == 0 { // else this test runs again
		Register(Def{Name: "registered", Options: options})
	}
	for _, d := range []Def{{Name: "registered", Options: options}, {Name: "a b", Options: options}, {Name: "none"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is registered", d)
				}
			}()
			Register(d)
		}()
	}
	if _, err := ByName("registred"); err == nil || !strings.Contains(err.Error(), `did you mean "registered"`) {
		t.Error(err)
	}
	if list := Defs(); len(list) != 1 {
		t.Errorf("%+v", list)
	}
}
