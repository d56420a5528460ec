package launch

import (
	"fmt"
	"path"
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

// The names of the files of [Bus.Files], and the flags by which a process is told of them.
var secretFlags = []struct{ name, flag string }{
	{"token", "--bus-token-file"},
	{"creds", "--bus-creds"},
	{"ca.pem", "--bus-ca"},
	{"cert.pem", "--bus-cert"},
	{"key.pem", "--bus-key"},
}

// Files are the secrets of the bus, as files.
func (b *Bus) Files() (files []File) {
	for i, data := range [][]byte{b.Token, b.Creds, b.CA, b.Cert, b.Key} {
		if len(data) > 0 {
			files = append(files, File{Name: secretFlags[i].name, Data: data})
		}
	}
	return files
}

// flags are the arguments that tell a process of the bus's secrets.
func (b *Bus) flags(folder string) (args []string) {
	for _, f := range b.Files() {
		for _, s := range secretFlags {
			if s.name == f.Name {
				args = append(args, s.flag, path.Join(folder, f.Name))
			}
		}
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

// FeederCommand is the command of feeder i.
func (j *Job) FeederCommand(i int, l Layout) Command {
	args := []string{"feed", l.Spec, "--job", j.Name, "--workers", strconv.Itoa(j.Workers.Count)}
	if j.Bus.Embedded && i == 0 {
		args = append(args, "--bus", "embedded", "--bus-listen", l.Listen)
	} else {
		args = append(args, "--bus", l.Bus)
	}
	args = append(append(args, j.Bus.flags(l.Secrets)...), j.Feeders.Args...)
	return Command{Name: fmt.Sprintf("feeder-%d", i), Role: Feeder, Index: i, Args: args}
}

// WorkerCommand is the command of worker i.
func (j *Job) WorkerCommand(i int, l Layout) Command {
	args := []string{"worker", "--job", j.Name, "--name", or(l.Worker, fmt.Sprintf("worker-%d", i)), "--bus", l.Bus}
	args = append(append(args, j.Bus.flags(l.Secrets)...), j.Workers.Args...)
	return Command{Name: fmt.Sprintf("worker-%d", i), Role: Worker, Index: i, Args: args}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
