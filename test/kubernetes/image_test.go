//go:build linux

package kubernetes

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestImageHoldsTogether: each blob is what its name and the descriptors say.
func TestImageHoldsTogether(t *testing.T) {
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte("the program"), 0o755); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := writeImage(&archive, t.TempDir(), "iago.test/some:1", map[string]string{"/bin/program": file, "data": file}, []string{"/bin/program"}); err != nil {
		t.Fatal(err)
	}
	blobs := untar(t, &archive)
	take := func(d descriptor) []byte {
		b, ok := blobs[blob(d.Digest)]
		if !ok || int64(len(b)) != d.Size || fmt.Sprintf("sha256:%x", sha256.Sum256(b)) != d.Digest {
			t.Fatalf("%+v: not so", d)
		}
		return b
	}
	var index struct{ Manifests []descriptor }
	decode(t, blobs["index.json"], &index)
	if len(index.Manifests) != 1 || index.Manifests[0].Annotations["io.containerd.image.name"] != "iago.test/some:1" {
		t.Fatalf("index: %+v", index)
	}
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	decode(t, take(index.Manifests[0]), &manifest)
	var config struct {
		Config struct{ Entrypoint []string }
		Rootfs struct {
			Diffs []string `json:"diff_ids"`
		}
	}
	decode(t, take(manifest.Config), &config)
	if len(manifest.Layers) != 1 || !slices.Equal(config.Rootfs.Diffs, []string{manifest.Layers[0].Digest}) || !slices.Equal(config.Config.Entrypoint, []string{"/bin/program"}) {
		t.Errorf("config: %+v of %+v", config, manifest)
	}
	files := untar(t, bytes.NewReader(take(manifest.Layers[0])))
	if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, []string{"bin/program", "data"}) || string(files["data"]) != "the program" {
		t.Errorf("the layer holds %v", names)
	}
}

func TestImageNamesAreWhole(t *testing.T) {
	c := &Cluster{keeper: &keeper{dir: t.TempDir()}}
	for _, name := range []string{"worker", "worker:1", "iago.test/worker", "iago/worker:1"} {
		if err := c.Image(name, nil, nil); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

func TestImageOfWhatIsNotThere(t *testing.T) {
	err := writeImage(io.Discard, t.TempDir(), "iago.test/some:1", map[string]string{"/a": filepath.Join(t.TempDir(), "none")}, nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func untar(t *testing.T, from io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for in := tar.NewReader(from); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
}

func decode(t *testing.T, b []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
}
