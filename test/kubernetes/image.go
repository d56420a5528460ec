//go:build linux

package kubernetes

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// pauseImage is that of the container that holds a pod's namespaces.
const pauseImage = "iago.test/pause:1"

// Image makes an image of files of the machine, by the path that each has in it, and gives it to every node. The name has a domain and a
// tag, "iago.test/worker:1". There is nothing in it but the files, so programs have to be static, and no registry has it: a pod's
// container says imagePullPolicy Never.
func (c *Cluster) Image(name string, files map[string]string, entrypoint []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*commandLimit)
	defer cancel()
	if err := c.image(ctx, name, files, entrypoint); err != nil {
		return fmt.Errorf("kubernetes: image %s: %w", name, err)
	}
	return nil
}

func (c *Cluster) image(ctx context.Context, name string, files map[string]string, entrypoint []string) error {
	domain, rest, ok := strings.Cut(name, "/")
	if !ok || !strings.Contains(domain, ".") || !strings.Contains(rest, ":") {
		return errors.New("expected a domain and a tag, as in iago.test/worker:1")
	}
	archive, err := os.CreateTemp(c.keeper.dir, "image-*.tar")
	if err != nil {
		return err
	}
	defer discard(archive)
	if err := writeImage(archive, c.keeper.dir, name, files, entrypoint); err != nil {
		return err
	}
	for _, n := range c.Nodes() {
		if _, err := c.ctr(ctx, n, "images", "import", archive.Name()); err != nil {
			return err
		}
		err := c.await(ctx, n+" knows the image", func(ctx context.Context) error {
			list, err := c.ctr(ctx, n, "images", "list", "name=="+name)
			if err == nil && !strings.Contains(list, "io.cri-containerd.image=managed") {
				err = errors.New("kubelet is not shown it yet")
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// descriptor says what a blob of an OCI image is (image-spec v1, descriptor.md).
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// discard ends a temporary file.
func discard(f *os.File) {
	f.Close()
	_ = os.Remove(f.Name()) // else it goes with its folder
}

// writeImage writes an OCI image layout in a tar: one image for this processor, of one layer that is not compressed. The layer is in a
// file of dir for a while.
func writeImage(w io.Writer, dir, name string, files map[string]string, entrypoint []string) error {
	layer, err := os.CreateTemp(dir, "layer-*.tar")
	if err != nil {
		return err
	}
	defer discard(layer)
	sum := sha256.New()
	if err := writeLayer(io.MultiWriter(layer, sum), files); err != nil {
		return err
	}
	size, err := layer.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := layer.Seek(0, io.SeekStart); err != nil {
		return err
	}
	is := descriptor{MediaType: "application/vnd.oci.image.layer.v1.tar", Digest: fmt.Sprintf("sha256:%x", sum.Sum(nil)), Size: size}
	out := tar.NewWriter(w)
	if err := add(out, blob(is.Digest), 0o644, size, layer); err != nil {
		return err
	}
	config, err := addJSON(out, "application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": map[string]any{"Entrypoint": entrypoint},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{is.Digest}},
	})
	if err != nil {
		return err
	}
	manifest, err := addJSON(out, "application/vnd.oci.image.manifest.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": []descriptor{is},
	})
	if err != nil {
		return err
	}
	manifest.Annotations = map[string]string{"io.containerd.image.name": name}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []descriptor{manifest}})
	if err != nil {
		return err
	}
	for file, content := range map[string]string{"index.json": string(index), "oci-layout": `{"imageLayoutVersion":"1.0.0"}`} {
		if err := add(out, file, 0o644, int64(len(content)), strings.NewReader(content)); err != nil {
			return err
		}
	}
	return out.Close()
}

// writeLayer writes files in the order of their paths, so that the same files give the same layer.
func writeLayer(w io.Writer, files map[string]string) error {
	out := tar.NewWriter(w)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		in, err := os.Open(files[path])
		if err != nil {
			return err
		}
		is, err := in.Stat()
		if err == nil {
			err = add(out, strings.TrimPrefix(filepath.Clean(path), "/"), is.Mode().Perm(), is.Size(), in)
		}
		in.Close()
		if err != nil {
			return err
		}
	}
	return out.Close()
}

// add writes one file of a tar.
func add(out *tar.Writer, name string, mode os.FileMode, size int64, from io.Reader) error {
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(mode), Size: size}); err != nil {
		return err
	}
	_, err := io.Copy(out, from)
	return err
}

// addJSON writes a blob and says what it is.
func addJSON(out *tar.Writer, kind string, content any) (descriptor, error) {
	b, err := json.Marshal(content)
	if err != nil {
		return descriptor{}, err
	}
	d := descriptor{MediaType: kind, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(b)), Size: int64(len(b))}
	return d, add(out, blob(d.Digest), 0o644, d.Size, strings.NewReader(string(b)))
}

// blob is the path of a blob in the layout.
func blob(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }
