package spec

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// byFlag is a change that a flag makes.
func byFlag(field, flag string, change func(*Spec)) func(*Spec) {
	return func(s *Spec) {
		change(s)
		s.Override(field, flag)
	}
}

func TestFlagsAreNamed(t *testing.T) {
	file := []byte("target: http://h\nprofile: ['constant:rate=5']\npool: {idle: 60}")
	_, err := Parse("s.yaml", file,
		byFlag("rate", "--rate", func(s *Spec) { s.Rate.PerSecond = 7 }),
		byFlag("arrival", "--arrival", func(s *Spec) { s.Arrival = call("gamma", "shap", "1") }),
		byFlag("warmup", "--warmup", func(s *Spec) { s.Warmup = 60 * second }),
		byFlag("slo", "--slo", func(s *Spec) { s.SLO = []string{"p99"} }),
	)
	want := `--rate: 7/s: expected no rate beside profile (line 2)
--arrival.gamma.shap: unknown parameter
--arrival.gamma.shape: missing
--warmup: 1m: expected less than duration, which is 10s
--slo[0]: "p99": expected a figure
s.yaml:3:14: pool.idle: "60": expected a duration such as 60s or 500ms (did you mean 60s?)`
	if err == nil {
		t.Fatal("no error")
	}
	got, wanted := strings.Split(err.Error(), "\n"), strings.Split(want, "\n")
	if !slices.EqualFunc(got, wanted, strings.HasPrefix) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestURLArguments(t *testing.T) {
	s := Defaults()
	s.Targets, s.Records.Format = []string{"http://h", "ftp://i"}, "uri"
	s.Override("targets", "URL")
	s.Override("records.format", "--format")
	want := `URL[1]: "ftp://i": no transport speaks ftp://; expected fake, fakes, http, http+unix or https
--format: has no use without records; expected their file in records.file`
	if err := s.Validate(); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestFileNamesFlag(t *testing.T) {
	_, err := Parse("s.yaml", []byte("target: http://h\nwarmup: 10s"), byFlag("duration", "--duration", func(s *Spec) { s.Duration = second }))
	want := "s.yaml:2:9: warmup: 10s: expected less than --duration, which is 1s"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestNoFile(t *testing.T) {
	s := Defaults()
	s.Target, s.Timeout = "http://h", 0
	s.Override("target", "URL")
	s.Override("timeout", "--timeout")
	want := Problems{{Field: "--timeout", Message: "0: expected a duration above 0, such as 30s"}}
	if diff := cmp.Diff(want, s.Validate()); diff != "" {
		t.Error(diff)
	}
	s.Timeout = second
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

// What a flag says can make right what the file alone would get wrong, and takes the place of its other form.
func TestFlagsWin(t *testing.T) {
	file := []byte("targets: [http://h]\nrate: max\nrequest: {body_file: testdata/access.log}")
	s, err := Parse("s.yaml", file,
		byFlag("connections", "--connections", func(s *Spec) { s.Connections = 5 }),
		byFlag("target", "URL", func(s *Spec) { s.Target = "http://i" }),
		byFlag("request.body", "--body", func(s *Spec) { s.Request.Body = "x" }),
	)
	if err != nil {
		t.Fatal(err)
	}
	targets, err := s.Addresses()
	if err != nil || len(targets) != 1 || targets[0].Host != "i" || s.Request.BodyFile != "" {
		t.Errorf("targets %+v, %v; body file %q", targets, err, s.Request.BodyFile)
	}

	s, err = Parse("s.yaml", []byte("target: http://h\nrequest: {body: x}"),
		byFlag("targets", "--targets", func(s *Spec) { s.Targets = []string{"http://i", "http://j"} }),
		byFlag("request.body_file", "--body-file", func(s *Spec) { s.Request.BodyFile = "testdata/access.log" }),
	)
	if err != nil || s.Target != "" || s.Request.Body != "" {
		t.Errorf("%+v, %v", s, err)
	}
}
