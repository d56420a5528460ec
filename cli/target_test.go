package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/report"
)

func TestTargetAll(t *testing.T) {
	var out, err bytes.Buffer
	args := []string{"target", "all", "--ports", "free", "--duration", "100ms", "--fault", "close:share=1%"}
	if status := Main(args, nil, &out, &err); status != report.ExitDone {
		t.Fatalf("status %d: %s", status, err.String())
	}
	var stats map[string]struct{ Schema string }
	if e := json.Unmarshal(out.Bytes(), &stats); e != nil {
		t.Fatal(e)
	}
	for _, k := range targetKinds() {
		if stats[k.name].Schema != "iago.target/v1" {
			t.Errorf("%s: no figures", k.name)
		}
		if !regexp.MustCompile(`(?m)^listening on ` + k.name + `://127\.0\.0\.1:[0-9]+$`).Match(err.Bytes()) {
			t.Errorf("%s: no address in %s", k.name, err.String())
		}
	}
}

func TestTargetKinds(t *testing.T) {
	for _, k := range targetKinds() {
		for _, listen := range []string{"127.0.0.1:0", "unix:" + t.TempDir() + "/s"} {
			var out, err bytes.Buffer
			stats := t.TempDir() + "/stats"
			status := Main([]string{"target", k.name, "--listen", listen, "--duration", "20ms", "--service", "constant:1ms", "--stats", stats}, nil, &out, &err)
			if unix := strings.HasPrefix(listen, "unix:"); unix && !k.unix {
				if status == report.ExitDone {
					t.Errorf("%s listens on a Unix socket", k.name)
				}
				continue
			}
			b, e := os.ReadFile(stats)
			if status != report.ExitDone || e != nil || !bytes.Contains(b, []byte(`"service": "constant:`)) || out.Len() > 0 {
				t.Errorf("%s on %s: status %d, %v, %s%s", k.name, listen, status, e, out.String(), err.String())
			}
		}
		var out, err bytes.Buffer
		if Main([]string{"target", k.name, "--help"}, nil, &out, &err) != report.ExitDone || !strings.Contains(out.String(), "iago target "+k.name) {
			t.Errorf("%s: no help: %s", k.name, out.String())
		}
	}
}

func TestTargetMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"redsi":                                `no target "redsi"; there are: http, thrift, memcached, kestrel, redis, tcp, udp, all; did you mean "redis"?`,
		"redis --service quick --max-memory 0": "--max-memory: must be above 0",
		"tcp --framing lines":                  "--framing: ",
		"udp --loss 3":                         `--loss: "3" is not a share`,
		"all --ports x":                        "--ports: ",
		"kestrel --fault burn":                 "--fault: ",
		"http --listen unix:/x":                "--listen: ",
	} {
		var out, err bytes.Buffer
		if status := Main(append([]string{"target"}, strings.Fields(args)...), nil, &out, &err); status != report.ExitUsage || !strings.Contains(err.String(), want) {
			t.Errorf("%s: status %d, %s", args, status, err.String())
		}
	}
}
