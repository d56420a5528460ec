package launch

import (
	"fmt"
	"path"
	"slices"
	"strconv"
)

// Command is one process to run: the program apart, which is the launcher's business.
type Command struct {
	Name  string // "feeder-0", "worker-3"
	Role  Role
	Index int
	Args  []string
}

// Layout says where a process finds things.
type Layout struct {
	Spec    string // path of the spec file
	Secrets string // path of the folder with the files of [Bus.Files]; with slashes
	Bus     string // URL of the bus
	Listen  string // HOST:PORT on which the first feeder opens an embedded bus
	Worker  string // how workers call themselves; empty: "worker-N"
}

// busFile is a secret of the bus: its name as a file, and the flag by which a process is told of it.
type busFile struct {
	name, flag string
	data       []byte
}

// files are those that a process of a role needs: a feeder also those of the bus that it may carry.
func (b *Bus) files(r Role) []busFile {
	all := []busFile{
		{"token", "--bus-token-file", b.Token},
		{"creds", "--bus-creds", b.Creds},
		{"nkey", "--bus-nkey", b.NKey},
		{"ca.pem", "--bus-ca", b.CA},
		{"cert.pem", "--bus-cert", b.Cert},
		{"key.pem", "--bus-key", b.Key},
	}
	if r == Feeder && b.Embedded {
		all = append(all, busFile{"serve-cert.pem", "--bus-serve-cert", b.ServeCert}, busFile{"serve-key.pem", "--bus-serve-key", b.ServeKey})
	}
	return slices.DeleteFunc(all, func(f busFile) bool { return len(f.data) == 0 })
}

// Files are the secrets of the bus that a process of a role needs, as files.
func (b *Bus) Files(r Role) (files []File) {
	for _, f := range b.files(r) {
		files = append(files, File{Name: f.name, Data: f.data})
	}
	return files
}

// flags are the arguments that tell a process of the bus's secrets.
func (b *Bus) flags(r Role, folder string) (args []string) {
	for _, f := range b.files(r) {
		args = append(args, f.flag, path.Join(folder, f.name))
	}
	return args
}

// Commands are the processes of the job, feeders first.
func (j *Job) Commands(l Layout) (list []Command) {
	for i := range j.Feeders.Count {
		list = append(list, j.FeederCommand(i, l))
	}
	for i := range j.Workers.Count {
		list = append(list, j.WorkerCommand(i, l))
	}
	return list
}

// busWait is how long a process waits for a bus that is not there yet: what starts beside it may have an image to pull.
const busWait = "10m"

// FeederCommand is the command of feeder i. That the targets may be loaded has been confirmed by whoever launches: --yes.
func (j *Job) FeederCommand(i int, l Layout) Command {
	args := []string{"feed", l.Spec, "--yes", "--job", j.Name, "--workers", strconv.Itoa(j.Workers.Count)}
	if j.Feeders.Count > 1 {
		args = append(args, "--feeders", strconv.Itoa(j.Feeders.Count))
	}
	b := j.Bus
	if b.Embedded = b.Embedded && i == 0; b.Embedded {
		args = append(args, "--bus", "embedded", "--bus-listen", l.Listen)
		if b.Plain && len(b.ServeCert) == 0 {
			args = append(args, "--bus-plain")
		}
	} else {
		args = append(args, "--bus", l.Bus, "--wait-bus", busWait)
	}
	args = append(append(args, b.flags(Feeder, l.Secrets)...), j.Feeders.Args...)
	return Command{Name: fmt.Sprintf("feeder-%d", i), Role: Feeder, Index: i, Args: args}
}

// WorkerCommand is the command of worker i.
func (j *Job) WorkerCommand(i int, l Layout) Command {
	args := []string{"worker", "--job", j.Name, "--name", or(l.Worker, fmt.Sprintf("worker-%d", i)), "--bus", l.Bus, "--wait-bus", busWait}
	args = append(append(args, j.Bus.flags(Worker, l.Secrets)...), j.Workers.Args...)
	return Command{Name: fmt.Sprintf("worker-%d", i), Role: Worker, Index: i, Args: args}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
