// Package process runs a job's processes as children of this one, and keeps in a folder what another process needs to find, judge and
// end them: [Folder]. The local and the command launcher are made of it.
package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/iagoloadgen/iago/cluster/launch"
)

// Record is what a folder's job.json says.
type Record struct {
	Job       string    `json:"job"`
	Launcher  string    `json:"launcher"`
	Host      string    `json:"host"`
	Boot      string    `json:"boot,omitempty"` // changes when the machine starts anew
	Started   time.Time `json:"started"`
	Maker     Entry     `json:"maker"` // who starts the processes
	Processes []Entry   `json:"processes"`
}

// Entry is one process. Commands are for the shell.
type Entry struct {
	Name   string      `json:"name"`
	Role   launch.Role `json:"role"`
	Index  int         `json:"index"`
	PID    int         `json:"pid"`
	Birth  string      `json:"birth,omitempty"` // of the process with that number; another birth, another process
	Cgroup []string    `json:"cgroup,omitempty"`
	Over   bool        `json:"over,omitempty"`
	Exit   int         `json:"exit,omitempty"`
	Reason string      `json:"reason,omitempty"`

	Stop   string    `json:"stop,omitempty"`   // asks the process to end
	Status string    `json:"status,omitempty"` // exits 0 while it runs; then what PID did was starting it somewhere else
	Logs   string    `json:"logs,omitempty"`   // prints its log; goes on if $FOLLOW is set
	Since  time.Time `json:"since,omitzero"`
}

// Folder is the folder of one job. Nobody but its owner may look into it.
type Folder string

const recordFile = "job.json"

// Root is where the folders of jobs are: given, or the user's cache folder.
func Root(given string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		if dir = os.Getenv("XDG_RUNTIME_DIR"); dir == "" {
			return "", fmt.Errorf("launch: no folder for jobs' files (%w); give one with the option dir=PATH", err)
		}
	}
	return filepath.Join(dir, "iago", "jobs"), nil
}

// longest is the room for a job's name in that of its folder.
const longest = 120

// Create makes a job's folder, with a record that has no processes yet. One whose processes have all ended is replaced; otherwise the
// error is [launch.ErrExists].
func Create(root, job, launcher string) (Folder, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return "", fmt.Errorf("launch: folder of jobs: %w", err)
	}
	next, err := os.MkdirTemp(root, ".new-")
	if err != nil {
		return "", fmt.Errorf("launch: folder of job %s: %w", job, err)
	}
	if err := Folder(next).save(newRecord(job, launcher)); err != nil {
		return "", errors.Join(err, os.RemoveAll(next))
	}
	f := place(root, job)
	err = os.Rename(next, string(f)) // whole or not at all
	if errors.Is(err, fs.ErrExist) {
		if err = f.clear(job); err == nil {
			err = os.Rename(next, string(f))
		}
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("launch: folder of job %s: %w", job, err), os.RemoveAll(next))
	}
	return f, nil
}

func newRecord(job, launcher string) *Record {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return &Record{
		Job: job, Launcher: launcher, Host: host, Boot: boot(), Started: time.Now().Round(0),
		Maker: Entry{Name: "launcher", PID: os.Getpid(), Birth: birth(os.Getpid())},
	}
}

// place is where the folder of a job is.
func place(root, job string) Folder {
	return Folder(filepath.Join(root, launch.Name(job, longest)))
}

// clear removes the folder of a job that is over.
func (f Folder) clear(job string) error {
	j, err := attach(f, job)
	if err != nil {
		return err
	}
	if j.running() || len(j.record.Processes) == 0 && j.alive(j.record.Maker) {
		return launch.ErrExists
	}
	return f.Remove()
}

// Path is the path of a file in the folder.
func (f Folder) Path(name string) string { return filepath.Join(string(f), filepath.FromSlash(name)) }

// Write writes a file that only its owner can read.
func (f Folder) Write(name string, data []byte) error {
	path := f.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	return nil
}

// Remove removes the folder, also while somebody still writes into it.
func (f Folder) Remove() (err error) {
	for range 10 {
		if err = os.RemoveAll(string(f)); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("launch: %w", err)
}

// save writes the record as a whole; the error is [fs.ErrNotExist] if the folder has been removed.
func (f Folder) save(r *Record) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		next := f.Path(recordFile + ".next")
		if err = os.WriteFile(next, append(b, '\n'), 0o600); err == nil {
			err = os.Rename(next, f.Path(recordFile))
		}
	}
	if err != nil {
		return fmt.Errorf("launch: record of job %s: %w", r.Job, err)
	}
	return nil
}

// load reads the record.
func (f Folder) load(job string) (*Record, error) {
	b, err := os.ReadFile(f.Path(recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("launch: job %s, in %s: %w", job, f, launch.ErrNoJob)
	}
	if err != nil {
		return nil, fmt.Errorf("launch: record of job %s: %w", job, err)
	}
	r := new(Record)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("launch: record of job %s: %s: %w", job, f.Path(recordFile), err)
	}
	if r.Job != job {
		return nil, fmt.Errorf("launch: %s is of job %s, not of %s", f.Path(recordFile), r.Job, job)
	}
	return r, nil
}
