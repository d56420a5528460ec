package kubernetes

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"regexp"
	"strconv"

	"github.com/iagoloadgen/iago/cluster/launch"
)

const (
	longestName = 36 // leaves room for what Kubernetes and we put behind it, within 52 for CronJobs and 63 for host names
	mostSecret  = 1 << 20

	specFolder = "/etc/iago/spec"
	busFolder  = "/etc/iago/bus"
	workFolder = "/var/lib/iago"

	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelComponent = "app.kubernetes.io/component"
	labelManager   = "app.kubernetes.io/managed-by"
	labelIndex     = "iago/index" // of a feeder
	annotationJob  = "iago/job"   // the job's name as given

	addressVar = "IAGO_BUS_URL"
)

// plan is a job in Kubernetes' terms: what is made, and in what order. All of it belongs to the anchor, the first feeder's Job or CronJob:
// deleting that removes the rest.
type plan struct {
	o    *Options
	job  *launch.Job
	name string
	port int

	anchor  object
	before  []object // Secrets, the bus's Service and StatefulSet: before any process of ours runs
	address *object  // the bus's address, of its pod
	after   []object // further feeders, workers
}

var labelRE = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$`)

func newPlan(o *Options, j *launch.Job) (*plan, error) {
	p := &plan{o: o, job: j, name: launch.Name(j.Name, longestName), port: 4222}
	if err := p.check(); err != nil {
		return nil, err
	}
	own := *j
	own.Bus.Embedded = p.embedded()
	own.Bus.Plain = true // the network of pods is asked for by whoever launches into a cluster
	p.job = &own
	if j.Bus.Listen != "" {
		_, port, err := net.SplitHostPort(j.Bus.Listen)
		if err == nil {
			p.port, err = strconv.Atoi(port)
		}
		if err != nil {
			return nil, fmt.Errorf("launch: kubernetes: bus: listen: %w", err)
		}
	}
	if err := p.secrets(); err != nil {
		return nil, err
	}
	if p.ours() {
		p.before = append(p.before, p.service())
		if o.Bus == "statefulset" {
			p.before = append(p.before, p.natsConfig(), p.statefulSet())
		}
		if o.Address == "pod" {
			p.address = &object{APIVersion: "v1", Kind: "Secret", Metadata: p.meta("bus", "address", nil), Type: "Opaque"}
		}
	}
	p.anchor = p.feeder(0)
	for i := range j.Feeders.Count - 1 {
		p.after = append(p.after, p.feeder(i+1))
	}
	p.after = append(p.after, p.workers())
	return p, nil
}

// ours tells whether the bus comes with the job.
func (p *plan) ours() bool { return p.job.Bus.URL == "" }

// embedded tells whether the bus is in the first feeder.
func (p *plan) embedded() bool { return p.ours() && p.o.Bus == "embedded" }

func (p *plan) check() error {
	wrong := []error{p.job.Validate()}
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf("launch: kubernetes: "+format, args...))
		}
	}
	for k, v := range p.job.Labels {
		say(labelRE.MatchString(v) && k != "", "label %s=%s: expected at most 63 letters, digits, -, _ and .", k, v)
	}
	b := &p.job.Bus
	say(b.URL == "" || !b.Embedded, "bus: expected either a URL or an embedded one, whose address Kubernetes gives")
	say(p.job.Cron == "" || p.embedded() && p.o.Address == "dns",
		"cron: expected an embedded bus that is found by DNS (bus=embedded, address=dns): on a lasting bus each run would meet the one before it under the same name")
	if p.ours() && p.o.Bus == "statefulset" {
		say(len(b.Token) > 0 && len(b.Cert)+len(b.CA)+len(b.ServeCert) == 0, "bus: a statefulset's knows a token only; expected no credentials or certificates")
	}
	return errors.Join(wrong...)
}

// labels are those of an object or pod that belongs to a component.
func (p *plan) labels(component string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, p.job.Labels)
	maps.Copy(all, map[string]string{labelName: "iago", labelInstance: p.name, labelComponent: component, labelManager: "iago"})
	return all
}

// chosen are the labels that find the pods of a component.
func (p *plan) chosen(component string) map[string]string {
	return map[string]string{labelInstance: p.name, labelComponent: component}
}

// meta is the metadata of an object; suffix is put behind the job's name.
func (p *plan) meta(component, suffix string, more map[string]string) meta {
	m := meta{
		Name: p.name + "-" + suffix, Namespace: p.o.Namespace, Labels: p.labels(component),
		Annotations: map[string]string{annotationJob: p.job.Name},
	}
	maps.Copy(m.Labels, more)
	return m
}

// secrets makes Secrets of the spec with its files, of the bus's credentials, and of the environment.
func (p *plan) secrets() error {
	files, err := p.job.Carried()
	if err != nil {
		return err
	}
	spec := p.secret("spec")
	for i, f := range files {
		if spec.Data[fileKey(i)], err = f.Content(mostSecret); err != nil {
			return tooMuch(err)
		}
	}
	p.before = append(p.before, spec)
	if list := p.job.Bus.Files(launch.Feeder); len(list) > 0 {
		bus := p.secret("credentials")
		for _, f := range list {
			bus.Data[f.Name] = f.Data
		}
		p.before = append(p.before, bus)
	}
	if len(p.job.Env) > 0 {
		env := p.secret("env")
		for k, v := range p.job.Env {
			env.Data[k] = []byte(v)
		}
		p.before = append(p.before, env)
	}
	for _, s := range p.before {
		sum := 0
		for _, b := range s.Data {
			sum += len(b)
		}
		if sum > mostSecret {
			return tooMuch(fmt.Errorf("launch: kubernetes: %s: %d bytes in all", s.Metadata.Name, sum))
		}
	}
	return nil
}

func tooMuch(err error) error {
	return fmt.Errorf("%w; a Secret holds 1 MiB: put large records into the image or a volume (data_claim), and name them by an absolute path", err)
}

// fileKey is the key of file i in the Secret: names of files may have what keys must not.
func fileKey(i int) string {
	if i == 0 {
		return "spec"
	}
	return "file-" + strconv.Itoa(i)
}

func (p *plan) secret(suffix string) object {
	return object{APIVersion: "v1", Kind: "Secret", Type: "Opaque", Metadata: p.meta("config", suffix, nil), Data: map[string][]byte{}}
}

// service gives the bus a name that DNS has as soon as its pod has an address. It has no address of its own, so that it works without
// kube-proxy.
func (p *plan) service() object {
	s := serviceSpec{ClusterIP: "None", PublishNotReadyAddresses: true, Selector: p.chosen("bus"), Ports: []servicePort{{"nats", p.port}}}
	if p.embedded() {
		s.Selector = p.chosen("feeder")
		s.Selector[labelIndex] = "0"
	}
	return object{APIVersion: "v1", Kind: "Service", Metadata: p.meta("bus", "bus", nil), Spec: s}
}

// natsConfig is the configuration of the bus's server.
func (p *plan) natsConfig() object {
	s := p.secret("nats")
	s.Metadata.Labels[labelComponent] = "bus"
	s.Data["nats.conf"] = fmt.Appendf(nil, "port: %d\nmax_payload: 8MB\njetstream { store_dir: /data }\nauthorization { token: %s }\n", p.port, strconv.Quote(string(p.job.Bus.Token)))
	return s
}

// jobOf is a Job, or a CronJob that makes it.
func (p *plan) jobOf(component, suffix string, more map[string]string, spec jobSpec) object {
	m := p.meta(component, suffix, more)
	if p.job.Cron == "" {
		return object{APIVersion: "batch/v1", Kind: "Job", Metadata: m, Spec: spec}
	}
	return object{APIVersion: "batch/v1", Kind: "CronJob", Metadata: m, Spec: cronSpec{
		Schedule: p.job.Cron, ConcurrencyPolicy: "Forbid", StartingDeadlineSeconds: 60, SuccessfulJobsHistoryLimit: 3, FailedJobsHistoryLimit: 3,
		JobTemplate: jobTemplate{Metadata: meta{Labels: m.Labels, Annotations: m.Annotations}, Spec: spec},
	}}
}

// suspended is the anchor as it is created: nothing runs before everything is there.
func (p *plan) suspended() object {
	yes, o := true, p.anchor
	switch s := o.Spec.(type) {
	case jobSpec:
		s.Suspend = &yes
		o.Spec = s
	case cronSpec:
		s.Suspend = &yes
		o.Spec = s
	}
	return o
}
