package command

import (
	"archive/tar"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/iagoloadgen/iago/cluster/launch"
	"github.com/iagoloadgen/iago/cluster/launch/internal/process"
)

// files are what a process of that role needs, named as in its arguments.
func files(j *launch.Job, r launch.Role) (list []launch.File, err error) {
	for _, f := range j.Bus.Files(r) {
		f.Name = "bus/" + f.Name
		list = append(list, f)
	}
	if r != launch.Feeder {
		return list, nil
	}
	carried, err := j.Carried()
	for _, f := range carried {
		f.Name = "spec/" + f.Name
		list = append(list, f)
	}
	return list, err
}

// readable tells now what would break archives later.
func readable(j *launch.Job) error {
	list, err := files(j, launch.Feeder)
	if err != nil {
		return err
	}
	for _, f := range list {
		in, _, err := f.Open()
		if err != nil {
			return err
		}
		in.Close()
	}
	return nil
}

// archive gives the files as a tar archive, made while it is read.
func archive(j *launch.Job, r launch.Role) (io.ReadCloser, error) {
	list, err := files(j, r)
	if err != nil {
		return nil, err
	}
	out, in := io.Pipe()
	go func() {
		in.CloseWithError(write(in, list))
	}()
	return out, nil
}

func write(w io.Writer, list []launch.File) error {
	t := tar.NewWriter(w)
	for _, f := range list {
		if err := add(t, f); err != nil {
			return err
		}
	}
	return t.Close()
}

func add(t *tar.Writer, f launch.File) error {
	in, size, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: size, Mode: 0o600}); err != nil {
		return fmt.Errorf("launch: command: %s: %w", f.Name, err)
	}
	if n, err := io.Copy(t, io.LimitReader(in, size)); err != nil || n < size {
		return fmt.Errorf("launch: command: %s: %d of %d bytes read: %w", f.Name, n, size, err)
	}
	return nil
}

// unpack puts what a feeder on this machine needs into the job's folder, except what it can read where it is.
func unpack(j *launch.Job, folder process.Folder) error {
	list, err := files(j, launch.Feeder)
	for _, f := range list {
		if j.Spec.Path != "" && strings.HasPrefix(f.Name, "spec/") {
			continue
		}
		var b []byte
		if b, err = f.Content(math.MaxInt64 - 1); err == nil {
			err = folder.Write(f.Name, b)
		}
		if err != nil {
			break
		}
	}
	return err
}
