package sim

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// jobName is the job's on the bus.
const jobName = "sim"

// Config is a simulation. Zero values are the defaults.
type Config struct {
	Workers       int           // default 200
	Rate          float64       // arrivals per second and worker; default 20
	Requests      int           // a worker's figures are as large as those of so many requests a second; default 1000
	Lease         time.Duration // default 5 s
	Lose          float64       // this part of the workers is lost at once; default 0.3
	Join          int           // so many join later; default a quarter of Workers
	Slow          float64       // a second takes so many real ones; default 1
	Skew          time.Duration // workers' clocks are off by up to this; default 1 minute
	Steady        time.Duration // how long the job is only looked at; default 3 s
	Settle        time.Duration // what happens next waits so long; default 2 s
	PerConnection int           // workers share connections; default 10
	Step          time.Duration // how often a worker looks for what is due; default 50 ms
	Processes     bool          // bus and workers are processes of their own: the program must call Serve for its roles
	Logf          func(format string, args ...any)
}

func (c *Config) complete() error {
	c.Workers, c.Rate, c.Requests = cmp.Or(c.Workers, 200), cmp.Or(c.Rate, 20), cmp.Or(c.Requests, 1000)
	c.Lease, c.Lose, c.Join = cmp.Or(c.Lease, 5*time.Second), cmp.Or(c.Lose, 0.3), cmp.Or(c.Join, c.Workers/4)
	c.Slow, c.Skew, c.Steady = cmp.Or(c.Slow, 1), cmp.Or(c.Skew, time.Minute), cmp.Or(c.Steady, 3*time.Second)
	c.Settle = cmp.Or(c.Settle, 2*time.Second)
	c.PerConnection, c.Step = cmp.Or(c.PerConnection, 10), cmp.Or(c.Step, 50*time.Millisecond)
	if c.Logf == nil {
		c.Logf = func(string, ...any) {}
	}
	if c.Workers < 1 || c.Rate < 0 || c.Lose < 0 || c.Lose >= 1 || c.Slow <= 0 || c.PerConnection < 1 {
		return errors.New("sim: expected workers, a rate, less than all of them lost, a second longer than nothing, and workers on each connection")
	}
	return nil
}

// spec is the job's: a schedule without end, which is stopped.
func (c *Config) spec() string {
	return fmt.Sprintf("name: %s\ntarget: http://127.0.0.1:9/\nrate: %g/s\narrival: poisson\nseed: 20\nduration: 24h\n", jobName, c.Rate*float64(c.Workers))
}
