package idl_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// compile asks the Thrift compiler for its verdict on a file: nil if it accepts it.
// The compiler's generators for most languages refuse names that are words of any
// language ("from"). That is no matter of the IDL, and later compilers dropped it, so
// the generator for Swift, which does not care, has the last word on such names.
func compile(t testing.TB, path string, include ...string) error {
	t.Helper()
	err := generate(t, "json", path, include)
	if err != nil && strings.Contains(err.Error(), "Cannot use reserved language keyword") {
		err = generate(t, "swift", path, include)
	}
	return err
}

func generate(t testing.TB, language, path string, include []string) error {
	t.Helper()
	args := []string{"-nowarn", "-r", "-o", t.TempDir(), "--gen", language}
	for _, dir := range include {
		args = append(args, "-I", dir)
	}
	out, err := exec.Command("thrift", append(args, path)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("the Thrift compiler (Debian: thrift-compiler): %v", err)
	}
	if err != nil {
		return errors.New(strings.TrimSpace(string(out)))
	}
	return nil
}

// module returns the folder of the module cache with Apache Thrift's own repository.
func module(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", "github.com/apache/thrift@v0.25.0").Output()
	if err != nil {
		t.Fatalf("finding github.com/apache/thrift: %v", err)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil || m.Dir == "" {
		t.Fatalf("no folder in %s: %v", out, err)
	}
	return m.Dir
}

// newer lists the shipped files that 0.17 refuses only because they use what came after
// it. We accept them.
var newer = map[string]string{
	"lib/delphi/test/serializer/SimpleException.thrift":                      "uuid",
	"lib/java/src/test/resources/JavaDeepCopyTest.thrift":                    "uuid",
	"lib/java/src/test/resources/JavaTypes.thrift":                           "uuid",
	"lib/netstd/Tests/Thrift.Compile.Tests/optional_required_default.thrift": "uuid",
	"lib/php/test/Resources/ThriftTest.thrift":                               "uuid",
	"lib/rb/spec/ThriftSpec.thrift":                                          "uuid",
	"lib/rs/test/thrifts/Base_One.thrift":                                    "uuid",
	"lib/rs/test/thrifts/Midlayer.thrift":                                    "uuid",
	"lib/rs/test/thrifts/Ultimate.thrift":                                    "uuid",
	"test/ConstantsDemo.thrift":                                              "uuid",
	"test/DebugProtoTest.thrift":                                             "uuid",
	"test/FuzzTest.thrift":                                                   "uuid",
	"test/ThriftTest.thrift":                                                 "uuid",
	// Reserved for 0.17's generators (see compile), and Swift's crashes on an empty enum.
	"compiler/cpp/test/keyword-samples/enum1_return.thrift": "return as a name",
	"test/NameConflictTest.thrift":                          "keywords as field names (THRIFT-5626)",
	"test/v0.16/NameConflictTest.thrift":                    "keywords as field names (THRIFT-5626)",
}

// Every file that Apache Thrift ships is accepted or refused as the compiler does.
func TestShippedFiles(t *testing.T) {
	root := module(t)
	var files []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".thrift") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 150 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	accepted, refused, after := 0, 0, 0
	for _, path := range files {
		name, _ := filepath.Rel(root, path)
		t.Run(name, func(t *testing.T) {
			include := includes(root, name)
			theirs := compile(t, path, include...)
			doc, ours := idl.Load(path, include)
			switch reason, isNewer := newer[name]; {
			case isNewer && theirs == nil:
				t.Errorf("listed as newer (%s), but the compiler accepts it", reason)
			case isNewer && ours != nil:
				t.Errorf("newer (%s), and we refuse it: %v", reason, ours)
			case isNewer:
				after++
			case theirs == nil && ours != nil:
				t.Errorf("the compiler accepts it; we say: %v", ours)
			case theirs != nil && ours == nil:
				t.Errorf("we accept it; the compiler says: %v", theirs)
			case theirs == nil:
				accepted++
				if doc == nil || doc.Path != path {
					t.Errorf("document %+v", doc)
				}
			default:
				refused++
			}
		})
	}
	t.Logf("both accept %d, both refuse %d, newer than the compiler %d", accepted, refused, after)
}

// includes gives the include folders that a file's own build uses.
func includes(root, name string) []string {
	if strings.HasPrefix(name, "lib/rs/test_recursive/src/") {
		src := filepath.Join(root, "lib/rs/test_recursive/src")
		return []string{src, filepath.Join(src, "transit"), filepath.Join(src, "transit/light"), filepath.Join(src, "transit/services"), filepath.Join(src, "maintenance")}
	}
	return nil
}

// write writes a snippet to a file of its own.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
