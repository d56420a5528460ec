package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/spec"
)

// launchJobFlags say what a job is made of.
type launchJobFlags struct {
	name, cron, binary     string
	workers, feeders       int
	bus, listen            string
	token, creds, ca       string
	cert, key              string
	memory, memoryLimit    string
	cpu, cpuLimit          float64
	nkey                   string
	serveCert, serveKey    string
	plain                  bool
	env, labels            map[string]string
	feederArgs, workerArgs []string
}

func (f *launchJobFlags) add(fl *pflag.FlagSet) {
	fl.StringVar(&f.name, "job", "", "`NAME` of the job (default: the spec's and the time)")
	fl.IntVar(&f.workers, "workers", 1, "how many `N` workers")
	fl.IntVar(&f.feeders, "feeders", 1, "how many `N` feeders read the records, each its part")
	fl.StringVar(&f.bus, "bus", "", "`URL` of the bus, such as nats://host:4222 (default: the first feeder's own)")
	fl.StringVar(&f.listen, "bus-listen", "", "`HOST:PORT` on which the first feeder opens its own bus, that --bus leads to")
	fl.StringVar(&f.token, "bus-token-file", "", "`FILE` with the token that the bus wants")
	fl.StringVar(&f.creds, "bus-creds", "", "`FILE` with credentials for the bus (NATS creds)")
	fl.StringVar(&f.nkey, "bus-nkey", "", "`FILE` with an NKey's seed for the bus")
	fl.StringVar(&f.ca, "bus-ca", "", "`FILE` with the authority of the bus's certificate")
	fl.StringVar(&f.cert, "bus-cert", "", "`FILE` with a certificate for the bus")
	fl.StringVar(&f.key, "bus-key", "", "`FILE` with its key")
	fl.StringVar(&f.serveCert, "bus-serve-cert", "", "PEM `FILE` of the certificate of the first feeder's own bus")
	fl.StringVar(&f.serveKey, "bus-serve-key", "", "PEM `FILE` of its key")
	fl.BoolVar(&f.plain, "bus-plain", false, "the first feeder's own bus may be used without TLS beyond loopback (in Kubernetes it may anyway)")
	fl.StringVar(&f.binary, "binary", "", "`PATH` of iago where the processes run")
	fl.Float64Var(&f.cpu, "cpu", 0, "`CORES` that are set aside for each worker")
	fl.Float64Var(&f.cpuLimit, "cpu-limit", 0, "`CORES` that each worker gets at most")
	fl.StringVar(&f.memory, "memory", "", "`SIZE` that is set aside for each worker, such as 512MiB")
	fl.StringVar(&f.memoryLimit, "memory-limit", "", "`SIZE` that each worker gets at most")
	fl.StringToStringVar(&f.env, "env", nil, "`NAME=VALUE` for the processes' environment; repeatable")
	fl.StringToStringVar(&f.labels, "label", nil, "`NAME=VALUE` to mark what is made; repeatable")
	fl.StringArrayVar(&f.feederArgs, "feeder-arg", nil, "further `ARG` of feeders; repeatable")
	fl.StringArrayVar(&f.workerArgs, "worker-arg", nil, "further `ARG` of workers; repeatable")
	fl.StringVar(&f.cron, "cron", "", "`'M H D M W'`: start the job again and again, where the engine can")
}

// read makes the job of a spec file.
func (f *launchJobFlags) read(path string, l *launchFlags) (*launch.Job, error) {
	if isAddress(path) {
		return nil, fmt.Errorf("%s: a spec file is needed; expected such as shop.yaml", path)
	}
	sp, err := loadSpec([]string{path}, nil)
	if err != nil {
		return nil, err
	}
	j := &launch.Job{Name: f.name, Binary: f.binary, Env: f.env, Labels: f.labels, Cron: f.cron}
	if j.Name == "" {
		sp.Complete() // names it
		j.Name = sp.Name
		if j.Cron == "" {
			j.Name += time.Now().Format("-20060102-150405")
		}
	}
	if j.Spec, j.Files, err = specFiles(path, sp); err != nil {
		return nil, err
	}
	j.Feeders = launch.Group{Count: f.feeders, Args: f.feederArgs}
	j.Workers = launch.Group{Count: f.workers, Args: f.workerArgs, Resources: launch.Resources{CPU: f.cpu, CPULimit: f.cpuLimit}}
	if l.exec {
		j.Workers.Args = append([]string{"--allow-exec"}, j.Workers.Args...)
	}
	var wrong []error
	for _, size := range []struct {
		flag, text string
		to         *int64
	}{{"memory", f.memory, &j.Workers.Resources.Memory}, {"memory-limit", f.memoryLimit, &j.Workers.Resources.MemoryLimit}} {
		var bytes spec.Size
		if size.text == "" {
			continue
		}
		if err := bytes.UnmarshalText([]byte(size.text)); err != nil {
			wrong = append(wrong, fmt.Errorf("--%s: %w", size.flag, err))
		}
		*size.to = int64(bytes)
	}
	wrong = append(wrong, f.readBus(&j.Bus))
	if f.workers < 1 || f.feeders < 1 {
		wrong = append(wrong, errors.New("--workers, --feeders: expected one at least of each"))
	}
	j.Complete()
	return j, errors.Join(wrong...)
}

// readBus says where the bus is, with what files hold of it.
func (f *launchJobFlags) readBus(b *launch.Bus) error {
	var wrong []error
	*b = launch.Bus{URL: f.bus, Listen: f.listen, Embedded: f.bus == "" || f.listen != "", Plain: f.plain}
	for _, file := range []struct {
		flag, path string
		to         *[]byte
	}{
		{"bus-token-file", f.token, &b.Token},
		{"bus-creds", f.creds, &b.Creds},
		{"bus-nkey", f.nkey, &b.NKey},
		{"bus-ca", f.ca, &b.CA},
		{"bus-cert", f.cert, &b.Cert},
		{"bus-key", f.key, &b.Key},
		{"bus-serve-cert", f.serveCert, &b.ServeCert},
		{"bus-serve-key", f.serveKey, &b.ServeKey},
	} {
		if file.path == "" {
			continue
		}
		text, err := os.ReadFile(file.path)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("--%s: %w", file.flag, err))
		}
		*file.to = bytes.TrimSpace(text)
	}
	return errors.Join(wrong...)
}

// specFiles are the spec's file and those that it reads by relative names. An absolute one is expected to exist where feeders run.
func specFiles(path string, sp *spec.Spec) (launch.File, []launch.File, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return launch.File{}, nil, err
	}
	text, err := os.ReadFile(abs)
	if err != nil {
		return launch.File{}, nil, err
	}
	var files []launch.File
	for _, p := range sp.Files() {
		if filepath.IsAbs(p) && bytes.Contains(text, []byte(p)) { // it stands there as it is; others became absolute by the spec's own path
			continue
		}
		full, err := filepath.Abs(p)
		if err != nil {
			return launch.File{}, nil, err
		}
		name, err := filepath.Rel(filepath.Dir(abs), full)
		if err != nil {
			return launch.File{}, nil, err
		}
		files = append(files, launch.File{Name: filepath.ToSlash(name), Path: full})
	}
	return launch.File{Name: filepath.Base(abs), Path: abs}, files, nil
}
