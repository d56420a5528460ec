package kubernetes

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// The API has pointers where "not said" is something else than false or none.
var (
	no    = false
	never = 0
)

// layout is where processes find things.
func (p *plan) layout() launch.Layout {
	l := launch.Layout{
		Spec: specFolder + "/" + p.job.Spec.Name, Secrets: busFolder, Bus: p.job.Bus.URL, Listen: fmt.Sprintf("0.0.0.0:%d", p.port), Worker: "$(POD_NAME)",
	}
	switch {
	case p.ours() && p.o.Address == "pod":
		l.Bus = "$(" + addressVar + ")"
	case p.ours():
		l.Bus = fmt.Sprintf("%s://%s-bus:%d", p.job.Bus.Scheme(), p.name, p.port)
	}
	return l
}

// feeder is the Job of feeder i. With the bus in it, it is not started again: what its bus held is gone, and the job would begin anew. On
// a bus that lasts it is, except when it ended with a status of its own, and another one takes over meanwhile.
func (p *plan) feeder(i int) object {
	spec := p.jobSpec()
	spec.Completions, spec.Parallelism, spec.BackoffLimit = 1, 1, &never
	if !p.embedded() {
		three := 3
		spec.BackoffLimit = &three
		spec.PodFailurePolicy = &failurePolicy{Rules: []failureRule{
			{Action: "Ignore", OnPodConditions: []podCondition{{"DisruptionTarget", "True"}}},
			{Action: "FailJob", OnExitCodes: &exitCodes{"feeder", "In", []int{1, 2, 3, 4, 130}}},
		}}
	}
	c := p.container("feeder", p.job.FeederCommand(i, p.layout()), p.job.Feeders.Resources)
	c.VolumeMounts = append(c.VolumeMounts, mount{"spec", specFolder, true}, mount{"work", workFolder, false})
	if p.embedded() && i == 0 {
		c.Ports = []containerPort{{"nats", p.port}}
	}
	volumes := append(p.volumes(launch.Feeder), p.specVolume(), p.workVolume())
	if p.o.DataClaim != "" {
		c.VolumeMounts = append(c.VolumeMounts, mount{"data", "/data", true})
		volumes = append(volumes, volume{Name: "data", Claim: &claimVolume{p.o.DataClaim, true}})
	}
	index := map[string]string{labelIndex: strconv.Itoa(i)}
	spec.Template = p.template("feeder", c, volumes)
	maps.Copy(spec.Template.Metadata.Labels, index)
	return p.jobOf("feeder", fmt.Sprintf("feeder-%d", i), index, spec)
}

// workers is the Job of all workers. A pod whose node is lost is replaced at once, not when it is known to have ended: the lease of its share
// keeps the rate from rising while both live. (A failure policy would forbid that.)
func (p *plan) workers() object {
	spec := p.jobSpec()
	spec.Completions, spec.Parallelism = p.job.Workers.Count, p.job.Workers.Count
	spec.BackoffLimitPerIndex, spec.PodReplacementPolicy = &p.o.Retries, "TerminatingOrFailed"
	c := p.container("worker", p.job.WorkerCommand(0, p.layout()), p.job.Workers.Resources)
	c.Env = append([]envVar{{Name: "POD_NAME", ValueFrom: &source{FieldRef: &fieldRef{"metadata.name"}}}}, c.Env...)
	c.VolumeMounts = append(c.VolumeMounts, mount{"work", workFolder, false})
	spec.Template = p.template("worker", c, append(p.volumes(launch.Worker), volume{Name: "work", EmptyDir: &struct{}{}}))
	p.place(&spec.Template.Spec)
	return p.jobOf("worker", "worker", nil, spec)
}

func (p *plan) jobSpec() jobSpec {
	return jobSpec{
		CompletionMode: "Indexed", ActiveDeadlineSeconds: seconds(p.o.Deadline), TTLSecondsAfterFinished: seconds(p.o.KeepFor),
	}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// place spreads workers over nodes.
func (p *plan) place(s *podSpec) {
	host, all := "kubernetes.io/hostname", selector{p.chosen("worker")}
	switch p.o.Spread {
	case "even":
		s.TopologySpreadConstraints = []spread{{1, host, "ScheduleAnyway", all}}
	case "one-per-host":
		s.Affinity = &affinity{antiAffinity{[]affinityTerm{{host, all}}}}
	}
	for _, taint := range []string{"not-ready", "unreachable"} {
		s.Tolerations = append(s.Tolerations, map[string]any{
			"key": "node.kubernetes.io/" + taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds(p.o.ReplaceAfter),
		})
	}
}

// template is a pod with one container.
func (p *plan) template(component string, c container, volumes []volume) template {
	annotations := maps.Clone(p.o.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[annotationJob] = p.job.Name
	s := podSpec{
		AutomountServiceAccountToken: &no, EnableServiceLinks: &no, ServiceAccountName: p.o.ServiceAccount,
		TerminationGracePeriodSeconds: seconds(p.o.Grace), DNSPolicy: p.o.DNSPolicy, PriorityClassName: p.o.PriorityClass,
		NodeSelector: p.o.NodeSelector, Tolerations: slices.Clone(p.o.Tolerations), Containers: []container{c}, Volumes: volumes,
		SecurityContext: podSecurity{RunAsNonRoot: true, RunAsUser: p.o.User, RunAsGroup: p.o.User, FSGroup: p.o.User, FSGroupChangePolicy: "OnRootMismatch"},
	}
	if component != "bus" {
		s.RestartPolicy = "Never"
	}
	if p.o.Seccomp != "none" {
		s.SecurityContext.SeccompProfile = &seccomp{p.o.Seccomp}
	}
	for _, name := range p.o.PullSecrets {
		s.ImagePullSecrets = append(s.ImagePullSecrets, reference{name})
	}
	return template{Metadata: meta{Labels: p.labels(component), Annotations: annotations}, Spec: s}
}

// container runs a command of ours.
func (p *plan) container(name string, c launch.Command, r launch.Resources) container {
	out := container{
		Name: name, Image: p.o.Image, ImagePullPolicy: p.o.PullPolicy, WorkingDir: workFolder, SecurityContext: confined(),
		Resources: resourcesOf(r), VolumeMounts: []mount{{"tmp", "/tmp", false}},
	}
	l := p.layout()
	for _, a := range c.Args {
		if a != l.Worker && a != l.Bus { // those are meant to be expanded
			a = strings.ReplaceAll(a, "$(", "$$(")
		}
		out.Args = append(out.Args, a)
	}
	if p.job.Binary != "" {
		out.Command = []string{p.job.Binary}
	}
	if r.MemoryLimit > 0 {
		out.Env = append(out.Env, envVar{Name: "GOMEMLIMIT", Value: strconv.FormatInt(r.MemoryLimit/10*9, 10)})
	}
	if p.address != nil && slices.Contains(c.Args, l.Bus) {
		out.Env = append(out.Env, envVar{Name: addressVar, ValueFrom: &source{SecretKeyRef: &keyRef{p.address.Metadata.Name, "url"}}})
	}
	if len(p.job.Env) > 0 {
		out.EnvFrom = []envFrom{{reference{p.name + "-env"}}}
	}
	if len(p.job.Bus.Files(c.Role)) > 0 {
		out.VolumeMounts = append(out.VolumeMounts, mount{"bus", busFolder, true})
	}
	return out
}

// confined is a container that can do nothing but compute and talk.
func confined() containerSecurity {
	return containerSecurity{ReadOnlyRootFilesystem: true, Capabilities: capabilities{[]string{"ALL"}}}
}

// volumes are those that every process of a role has.
func (p *plan) volumes(r launch.Role) []volume {
	list := []volume{{Name: "tmp", EmptyDir: &struct{}{}}}
	if files := p.job.Bus.Files(r); len(files) > 0 {
		s := &secretVolume{SecretName: p.name + "-credentials", DefaultMode: 0o440}
		for _, f := range files {
			s.Items = append(s.Items, item{f.Name, f.Name})
		}
		list = append(list, volume{Name: "bus", Secret: s})
	}
	return list
}

func (p *plan) specVolume() volume {
	s := &secretVolume{SecretName: p.name + "-spec", DefaultMode: 0o440}
	files, err := p.job.Carried()
	if err != nil {
		panic("launch: kubernetes: files were not checked: " + err.Error())
	}
	for i, f := range files {
		s.Items = append(s.Items, item{fileKey(i), f.Name})
	}
	return volume{Name: "spec", Secret: s}
}

// workVolume is where a feeder writes run directories.
func (p *plan) workVolume() volume {
	v := volume{Name: "work"}
	switch {
	case p.o.ResultsClaim != "":
		v.Claim = &claimVolume{ClaimName: p.o.ResultsClaim}
	case p.o.ResultsHostPath != "":
		v.HostPath = &hostPath{p.o.ResultsHostPath, "Directory"}
	default:
		v.EmptyDir = &struct{}{}
	}
	return v
}

// statefulSet is a NATS server for this job alone.
func (p *plan) statefulSet() object {
	c := container{
		Name: "nats", Image: p.o.NATSImage, ImagePullPolicy: p.o.PullPolicy, Args: []string{"-c", "/etc/nats/nats.conf"},
		Ports: []containerPort{{"nats", p.port}}, SecurityContext: confined(),
		VolumeMounts: []mount{{"config", "/etc/nats", true}, {"data", "/data", false}},
	}
	volumes := []volume{{Name: "config", Secret: &secretVolume{p.name + "-nats", 0o440, []item{{"nats.conf", "nats.conf"}}}}}
	s := statefulSetSpec{ServiceName: p.name + "-bus", Replicas: 1, Selector: selector{p.chosen("bus")}}
	if p.o.NATSStorage == "" {
		volumes = append(volumes, volume{Name: "data", EmptyDir: &struct{}{}})
	} else {
		s.ClaimRetention = &claimDeleted{"Delete"}
		s.VolumeClaimTemplates = []claim{{
			Metadata: meta{Name: "data", Labels: p.labels("bus")},
			Spec:     claimSpec{AccessModes: []string{"ReadWriteOnce"}, Resources: resources{Requests: map[string]string{"storage": p.o.NATSStorage}}},
		}}
	}
	s.Template = p.template("bus", c, volumes)
	return object{APIVersion: "apps/v1", Kind: "StatefulSet", Metadata: p.meta("bus", "bus", nil), Spec: s}
}

// resourcesOf writes resources as Kubernetes does: thousandths of cores, bytes.
func resourcesOf(r launch.Resources) *resources {
	if r == (launch.Resources{}) {
		return nil
	}
	list := func(cores float64, bytes int64) map[string]string {
		m := map[string]string{}
		if cores > 0 {
			m["cpu"] = strconv.FormatInt(int64(math.Ceil(cores*1000)), 10) + "m"
		}
		if bytes > 0 {
			m["memory"] = strconv.FormatInt(bytes, 10)
		}
		return m
	}
	return &resources{Requests: list(r.CPU, r.Memory), Limits: list(r.CPULimit, r.MemoryLimit)}
}
