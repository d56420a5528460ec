// Package kubernetes starts jobs in a Kubernetes cluster: an indexed Job of workers, a Job for each feeder, Secrets for the spec and the
// bus's credentials, a headless Service for the bus. See README.md for what is made and why.
//
// It talks to the API over net/http: a handful of plain requests does not need the client library and what comes with it.
package kubernetes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

func init() {
	launch.Register(launch.Def{
		Name: "kubernetes", Summary: "Jobs in a Kubernetes cluster, workers spread over its nodes; CronJobs with --cron",
		Options: func() launch.Options { return Defaults() },
	})
}

// Options are the launcher's options.
type Options struct {
	Kubeconfig string `yaml:"kubeconfig" help:"file that says where the cluster is (default: $KUBECONFIG, ~/.kube/config, or that of the pod this runs in)"`
	Context    string `yaml:"context"    help:"context of the kubeconfig (default: its current one)"`
	Namespace  string `yaml:"namespace"  help:"namespace (default: the context's)"`

	Image       string   `yaml:"image"        help:"image with iago in it; needed"`
	PullPolicy  string   `yaml:"pull_policy"  help:"IfNotPresent, Always or Never"`
	PullSecrets []string `yaml:"pull_secrets" help:"Secrets for pulling images"`

	Bus         string `yaml:"bus"          help:"where the bus is without --bus: embedded in the first feeder, or a statefulset of a NATS server"`
	NATSImage   string `yaml:"nats_image"   help:"image of the statefulset"`
	NATSStorage string `yaml:"nats_storage" help:"size of a persistent volume for the statefulset, such as 10Gi (default: storage that goes with its pod)"`
	Address     string `yaml:"address"      help:"how workers find the bus: by dns, or by the address of its pod, which needs no cluster DNS"`

	Spread         string            `yaml:"spread"          help:"workers on nodes: even, one-per-host or none"`
	NodeSelector   map[string]string `yaml:"node_selector"   help:"labels that nodes must have"`
	Tolerations    []map[string]any  `yaml:"tolerations"     help:"tolerations of pods, in Kubernetes' words"`
	PriorityClass  string            `yaml:"priority_class"  help:"priority class of pods"`
	ServiceAccount string            `yaml:"service_account" help:"account of pods; they never get its token"`
	DNSPolicy      string            `yaml:"dns_policy"      help:"DNS policy of pods (default: ClusterFirst)"`
	User           int64             `yaml:"user"            help:"user and group that processes run as"`
	Seccomp        string            `yaml:"seccomp"         help:"seccomp profile: RuntimeDefault, Unconfined, or none for the node's own default"`
	Annotations    map[string]string `yaml:"annotations"     help:"annotations of pods"`

	ResultsClaim    string `yaml:"results_claim"     help:"PersistentVolumeClaim for run directories (default: they go with the feeder's pod)"`
	ResultsHostPath string `yaml:"results_host_path" help:"folder of the feeder's node for run directories, writable by user"`
	DataClaim       string `yaml:"data_claim"        help:"PersistentVolumeClaim with records, mounted for feeders at /data"`

	Retries      int           `yaml:"retries"       help:"how often a worker that fails is replaced"`
	ReplaceAfter time.Duration `yaml:"replace_after" help:"how long after its node stopped answering a worker is replaced"`
	Grace        time.Duration `yaml:"grace"         help:"how long a process that is killed may take to end by itself"`
	Deadline     time.Duration `yaml:"deadline"      help:"the job is ended after that, whatever it does (default: never)"`
	KeepFor      time.Duration `yaml:"keep_for"      help:"how long the objects of a job that has ended are kept"`
}

// Defaults are the options without any set.
func Defaults() *Options {
	return &Options{
		PullPolicy: "IfNotPresent", Bus: "embedded", NATSImage: "nats:2", Address: "dns", Spread: "even", User: 65532,
		Seccomp: "RuntimeDefault", Retries: 6, ReplaceAfter: 20 * time.Second, Grace: 40 * time.Second, KeepFor: 24 * time.Hour,
	}
}

// NewLauncher implements [launch.Options]. The cluster is not asked yet.
func (o *Options) NewLauncher() (launch.Launcher, error) {
	var wrong []error
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	oneOf := func(field, value string, words ...string) {
		say(slices.Contains(words, value), "%s: expected one of %s, got %q", field, strings.Join(words, ", "), value)
	}
	say(o.Image != "", "image: expected an image that has iago in it")
	oneOf("pull_policy", o.PullPolicy, "IfNotPresent", "Always", "Never")
	oneOf("bus", o.Bus, "embedded", "statefulset")
	oneOf("address", o.Address, "dns", "pod")
	oneOf("spread", o.Spread, "even", "one-per-host", "none")
	oneOf("seccomp", o.Seccomp, "RuntimeDefault", "Unconfined", "none")
	say(o.User > 0, "user: expected the number of a user other than root, got %d", o.User)
	say(o.Retries >= 0, "retries: expected a number that is not negative, got %d", o.Retries)
	say(o.ResultsClaim == "" || o.ResultsHostPath == "", "results_claim: expected it without results_host_path")
	for field, d := range map[string]time.Duration{"replace_after": o.ReplaceAfter, "grace": o.Grace, "deadline": o.Deadline, "keep_for": o.KeepFor} {
		say(d >= 0 && d%time.Second == 0, "%s: expected whole seconds, got %v", field, d)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return &launcher{Options: *o}, nil
}
