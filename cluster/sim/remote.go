package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// In a simulation whose processes can be told apart, bus and workers are processes of their own, which serve calls on their
// standard input and output, and end when their input does.

// Roles of processes of a simulation.
const (
	RoleBus     = "bus"
	RoleWorkers = "workers"
)

// pipe makes one stream of two files.
type pipe struct {
	io.ReadCloser
	io.WriteCloser
}

// Close implements [io.Closer].
func (p pipe) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }

// Serve is the whole of a process that has a role: it serves on in and out until in ends.
func Serve(role string, in io.ReadCloser, out io.WriteCloser) error {
	s := rpc.NewServer()
	var receiver interface{ done() }
	switch role {
	case RoleBus:
		server, err := bus.Serve(context.Background(), bus.ServerConfig{Logf: toStderr})
		if err != nil {
			return err
		}
		receiver = &BusCalls{hereBus{server}}
	case RoleWorkers:
		receiver = &CrewCalls{}
	default:
		return fmt.Errorf("sim: role %q: expected %s or %s", role, RoleBus, RoleWorkers)
	}
	defer receiver.done()
	if err := s.RegisterName("Calls", receiver); err != nil {
		return err
	}
	s.ServeConn(pipe{in, out})
	return nil
}

func toStderr(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// None stands for nothing in calls.
type None struct{}

// BusCalls are the calls that a bus process serves; for [net/rpc].
type BusCalls struct{ b hereBus }

// Where returns URL and token.
func (c *BusCalls) Where(_ None, out *[2]string) (err error) {
	out[0], out[1], err = c.b.where()
	return err
}

// Traffic returns what has passed.
func (c *BusCalls) Traffic(_ None, out *bus.Traffic) (err error) {
	*out, err = c.b.traffic()
	return err
}

// Usage returns what the process has used.
func (c *BusCalls) Usage(_ None, out *Usage) error {
	*out = usage()
	return nil
}

func (c *BusCalls) done() { _ = c.b.close() }

// CrewCalls are the calls that a process of workers serves; for [net/rpc].
type CrewCalls struct{ f *fleet }

// Begin tells what workers need to know; it comes first.
func (c *CrewCalls) Begin(in FleetConfig, _ *None) (err error) {
	c.f, err = newFleet(in)
	return err
}

// Join has workers join.
func (c *CrewCalls) Join(n int, _ *None) error { return c.f.join(context.Background(), n) }

// Lose takes workers away.
func (c *CrewCalls) Lose(n int, out *Loss) error {
	*out = c.f.lose(n)
	return nil
}

// KnowRate tells how far a rate has come.
func (c *CrewCalls) KnowRate(rate float64, out *Knowledge) error {
	*out = c.f.knowRate(rate)
	return nil
}

// Holding tells how many hold parts.
func (c *CrewCalls) Holding(skip int, out *Holding) error {
	out.Knowledge, out.Least, out.Most = c.f.holding(skip)
	return nil
}

// Dues returns what was sent, once all workers have ended.
func (c *CrewCalls) Dues(_ None, out *[]int64) (err error) {
	*out, err = c.f.dues()
	return err
}

// Usage returns what the process has used.
func (c *CrewCalls) Usage(_ None, out *Usage) error {
	*out = usage()
	return nil
}

func (c *CrewCalls) done() {
	if c.f != nil {
		c.f.close()
	}
}

// process is a process of a role.
type process struct {
	cmd    *exec.Cmd
	client *rpc.Client
}

// start starts a process of this program, which calls [Serve] when it is asked for a role by its only argument.
func start(role string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(context.Background(), self, role)}
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("sim: process of role %s: %w", role, err)
	}
	p.client = rpc.NewClient(pipe{out, in})
	return p, nil
}

func (p *process) call(name string, in, out any) error { return p.client.Call("Calls."+name, in, out) }

func (p *process) usage() (u Usage, err error) {
	err = p.call("Usage", None{}, &u)
	return u, err
}

func (p *process) close() error {
	_ = p.client.Close() // its input ends
	return p.cmd.Wait()
}

// awayBus is a bus in a process of its own.
type awayBus struct{ *process }

func (a awayBus) where() (url, token string, err error) {
	var both [2]string
	err = a.call("Where", None{}, &both)
	return both[0], both[1], err
}

func (a awayBus) traffic() (t bus.Traffic, err error) {
	err = a.call("Traffic", None{}, &t)
	return t, err
}

// awayCrew is workers in a process of their own.
type awayCrew struct{ *process }

func (a awayCrew) join(n int) error { return a.call("Join", n, &None{}) }

func (a awayCrew) lose(n int) (l Loss, err error) {
	err = a.call("Lose", n, &l)
	return l, err
}

func (a awayCrew) knowRate(rate float64) (k Knowledge, err error) {
	err = a.call("KnowRate", rate, &k)
	return k, err
}

func (a awayCrew) holding(skip int) (h Holding, err error) {
	err = a.call("Holding", skip, &h)
	return h, err
}

func (a awayCrew) dues() (list []int64, err error) {
	err = a.call("Dues", None{}, &list)
	return list, err
}
