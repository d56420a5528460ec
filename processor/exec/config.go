package exec

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Version is the protocol's.
const Version = 1

// Config says which program to run and how. Begin with [Default].
type Config struct {
	// Exec is the program and its arguments. No shell is in between; a name without a slash is looked for in PATH.
	Exec []string `yaml:"exec"`
	// Instances is how many run at once.
	Instances int `yaml:"instances"`
	// Batch is the most records in one write.
	Batch int `yaml:"batch"`
	// Window is the most records that one program has been given and whose requests have not been taken yet.
	Window int `yaml:"window"`
	// WindowLimit is the most bytes of such records and their answers. A record always goes if there are none.
	WindowLimit int64 `yaml:"window_limit"`
	// LineLimit is the most bytes in one line of the program's.
	LineLimit int64 `yaml:"line_limit"`
	// HelloTimeout is how long a program may take to start and to answer the first line.
	HelloTimeout time.Duration `yaml:"hello_timeout"`
	// Timeout is how long a program that has records to answer may answer none.
	Timeout time.Duration `yaml:"timeout"`
	// Restarts is how often in a run a program that died is started again, all of them together.
	Restarts int `yaml:"restarts"`
	// Env is added to our own environment.
	Env map[string]string `yaml:"env"`
	// Dir is the program's working directory. Empty: our own.
	Dir string `yaml:"dir"`
	// Responses gives the program the outcomes of its requests, if it says that it wants them.
	Responses bool `yaml:"responses"`

	// Seed is told to the program, for what it draws.
	Seed uint64 `yaml:"-"`
	// Logf takes what is to be logged: the program's standard error and how it fares. It is called from several goroutines.
	// nil: nowhere.
	Logf func(format string, args ...any) `yaml:"-"`
}

// Default returns the configuration of one program.
func Default() Config {
	return Config{
		Instances: 1, Batch: 64, Window: 1024, WindowLimit: 16 << 20, LineLimit: 16 << 20,
		HelloTimeout: 20 * time.Second, Timeout: 30 * time.Second, Restarts: 10,
	}
}

// Validate returns all that is wrong, joined; each error begins with the yaml name of its field.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Exec) == 0 || c.Exec[0] == "" {
		wrong("exec: expected a program and its arguments, such as [python3, echo.py]")
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"instances", int64(c.Instances)},
		{"batch", int64(c.Batch)},
		{"window", int64(c.Window)},
		{"window_limit", c.WindowLimit},
		{"line_limit", c.LineLimit},
	} {
		if n.value < 1 {
			wrong("%s: %d: expected at least 1", n.name, n.value)
		}
	}
	if c.HelloTimeout <= 0 {
		wrong("hello_timeout: %v: expected a time above 0, such as 20s", c.HelloTimeout)
	}
	if c.Timeout <= 0 {
		wrong("timeout: %v: expected a time above 0, such as 30s", c.Timeout)
	}
	if c.Restarts < 0 {
		wrong("restarts: %d: expected 0 or more", c.Restarts)
	}
	for name := range c.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			wrong("env: %q: expected a variable's name", name)
		}
	}
	return errors.Join(errs...)
}
