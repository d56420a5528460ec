package kubernetes

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iagoloadgen/iago/cluster/launch"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden renders jobs; test/manifests checks the same files against Kubernetes' own types and rules.
func TestGolden(t *testing.T) {
	cases := []struct {
		name    string
		options func(*Options)
		job     func(*launch.Job)
	}{
		{name: "embedded"},
		{name: "elsewhere", job: func(j *launch.Job) {
			j.Bus = launch.Bus{URL: "tls://a.example:4222,tls://b.example:4222", Creds: []byte("creds"), CA: []byte("ca"), Cert: []byte("cert"), Key: []byte("key")}
			j.Feeders.Count, j.Binary = 2, "/usr/bin/iago"
		}},
		{name: "statefulset", options: func(o *Options) {
			o.Bus, o.NATSImage, o.NATSStorage, o.Address = "statefulset", "registry.example/nats:2", "10Gi", "pod"
			o.Namespace, o.PullPolicy, o.PullSecrets, o.Spread = "load", "Never", []string{"registry"}, "one-per-host"
			o.NodeSelector, o.PriorityClass, o.ServiceAccount, o.DNSPolicy = map[string]string{"pool": "load"}, "low", "iago", "Default"
			o.Tolerations = []map[string]any{{"key": "load", "operator": "Exists", "effect": "NoSchedule"}}
			o.Seccomp, o.Annotations, o.DataClaim, o.ResultsClaim = "none", map[string]string{"note": "yes"}, "records", "results"
			o.Deadline, o.Retries = 2*time.Hour, 0
		}, job: func(j *launch.Job) {
			j.Name = "Nightly_Replay"
			j.Files = []launch.File{{Name: "logs/a b.log", Data: []byte("GET /\n")}, {Name: "body.json", Data: []byte("{}")}}
			j.Env = map[string]string{"TOKEN": "env-secret"}
			j.Labels = map[string]string{"team": "shop", labelManager: "me"}
			j.Workers.Args = []string{"--allow-exec", "--note=$(HOME)"}
			j.Workers.Resources = launch.Resources{CPU: 1.5, CPULimit: 2, Memory: 256 << 20, MemoryLimit: 512 << 20}
			j.Feeders.Resources = launch.Resources{CPU: 0.25}
		}},
		{name: "cron", options: func(o *Options) { o.ResultsHostPath, o.Spread = "/srv/iago", "none" }, job: func(j *launch.Job) {
			j.Cron, j.Feeders.Count, j.Bus.Listen = "30 3 * * 1-5", 2, "[::]:5222"
			j.Bus.CA, j.Bus.ServeCert, j.Bus.ServeKey = []byte("ca"), []byte("server's cert"), []byte("server's key")
		}},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			j := jobOf("shop")
			if tt.job != nil {
				tt.job(&j)
			}
			files, err := newLauncher(t, nil, tt.options).Render(j)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", tt.name+".golden.yaml")
			if *update {
				if err := os.WriteFile(golden, files[0].Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(files[0].Data, want) {
				t.Errorf("%s (-want +got), -update rewrites it:\n%s", golden, cmp.Diff(string(want), string(files[0].Data)))
			}
		})
	}
}
