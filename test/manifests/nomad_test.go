package manifests

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/hashicorp/nomad/api"

	"github.com/iagoloadgen/iago/cluster/launch"
	_ "github.com/iagoloadgen/iago/cluster/launch/nomad"
)

// TestNomad reads a rendered job file by Nomad's API types.
func TestNomad(t *testing.T) {
	d, err := launch.ByName("nomad")
	if err != nil {
		t.Fatal(err)
	}
	for _, settings := range [][]string{{"image=iago:1"}, {"driver=exec", "spread=one-per-host", "namespace=load", "region=eu"}} {
		l, err := d.New(nil, settings...)
		if err != nil {
			t.Fatal(err)
		}
		j := launch.Job{
			Name: "shop", Spec: launch.File{Data: []byte("target: http://x # {{ [[[ \n")}, Bus: launch.Bus{URL: "nats://bus:4222", Token: []byte("secret")},
			Workers: launch.Group{Count: 5, Resources: launch.Resources{CPU: 1.5, Memory: 100 << 20, MemoryLimit: 200 << 20}},
			Labels:  map[string]string{"team": "shop"}, Env: map[string]string{"A": "b"},
		}
		j.Complete()
		files, err := l.Render(j)
		if err != nil {
			t.Fatal(err)
		}
		var read struct{ Job *api.Job }
		dec := json.NewDecoder(bytes.NewReader(files[0].Data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&read); err != nil {
			t.Fatalf("%v in\n%s", err, files[0].Data)
		}
		read.Job.Canonicalize()
		if *read.Job.Type != api.JobTypeBatch || len(read.Job.TaskGroups) != 2 || *read.Job.TaskGroups[1].Count != 5 {
			t.Errorf("%+v", read.Job)
		}
		for _, g := range read.Job.TaskGroups {
			task := g.Tasks[0]
			if task.Driver == "" || task.KillTimeout == nil || task.KillTimeout.Seconds() != 40 || len(task.Templates) == 0 {
				t.Errorf("%s: %+v", *g.Name, task)
			}
		}
		r := read.Job.TaskGroups[1].Tasks[0].Resources
		if *r.Cores != 2 || *r.MemoryMB != 100 || *r.MemoryMaxMB != 200 {
			t.Errorf("resources %+v", r)
		}
	}
}
