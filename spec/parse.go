package spec

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/iagoloadgen/iago/transport"
)

// maxFile is more than any spec file needs; a larger file is probably the records.
const maxFile = 1 << 20

// Load reads a spec file, calls changes on what it says, such as setting what flags say, and validates the result.
// The error is [Problems] with all that is wrong, or says why the file cannot be read; the spec is nil then.
func Load(path string, changes ...func(*Spec)) (*Spec, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		return nil, Problems{{File: path, Message: fmt.Sprintf("%d bytes are too many for a spec file (%v at most); records belong in a file of their own, see records.file", info.Size(), Size(maxFile))}}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return Parse(path, data, changes...)
}

// Parse is [Load] for a file that has been read; name is its path.
func Parse(name string, data []byte, changes ...func(*Spec)) (*Spec, error) {
	root, problem := syntax(name, data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	s := Defaults()
	s.file = name
	d := &decoder{file: name, at: s.at}
	d.section = func(key string, n *yaml.Node) bool { return d.protocol(s, key, n) }
	for _, p := range transport.All() {
		d.sections = append(d.sections, p.Name)
	}
	d.structure(root, reflect.ValueOf(s).Elem(), "")
	s.locate()
	for _, change := range changes {
		change(s)
	}
	if err := append(d.problems, s.problems(d.broken)...).err(); err != nil {
		return nil, err
	}
	return s, nil
}

// broken says that field, a part of it or what it is a part of could not be decoded: what more there is to say about it
// would be wrong.
func (d *decoder) broken(field string) bool {
	for _, p := range d.problems {
		if p.Field == field || within(p.Field, field) || within(field, p.Field) {
			return true
		}
	}
	return slices.Contains(d.meant, field)
}

// within says that field is a part of whole.
func within(field, whole string) bool {
	return strings.HasPrefix(field, whole+".") || strings.HasPrefix(field, whole+"[")
}

// syntax reads data as one YAML document that holds a mapping.
func syntax(name string, data []byte) (*yaml.Node, *Problem) {
	if line, column, bad := badText(data); bad != "" {
		return nil, &Problem{File: name, Line: line, Column: column, Message: bad}
	}
	var documents []yaml.Node
	if err := yaml.Load(data, &documents, yaml.WithAllDocuments()); err != nil {
		return nil, syntaxProblem(name, data, err)
	}
	const example = "; a spec needs at least a target, such as\ntarget: http://127.0.0.1:8080"
	switch {
	case len(documents) == 0 || isNull(documents[0].Content[0]) && len(documents) == 1:
		return nil, &Problem{File: name, Message: "the file is empty" + example}
	case len(documents) > 1:
		n := documents[1]
		return nil, &Problem{File: name, Line: n.Line, Column: n.Column, Message: "a second document begins here: a spec file has one"}
	}
	root := documents[0].Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, &Problem{File: name, Line: root.Line, Column: root.Column, Message: show(root) + ": expected fields and their values" + example}
	}
	return root, nil
}

// badText finds the first thing that is not text: bytes that are not UTF-8, control characters.
func badText(data []byte) (line, column int, what string) {
	line, column = 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return line, column, fmt.Sprintf("the byte 0x%02x is not UTF-8 text", data[i])
		case r == '\n':
			line, column = line+1, 0
		case r < ' ' && r != '\t' && r != '\r' || r == 0x7f:
			return line, column, fmt.Sprintf("the control character 0x%02x has no place in a spec file", r)
		}
		i += size
		column++
	}
	return 0, 0, ""
}

// syntaxProblem says where and why data is not YAML.
func syntaxProblem(name string, data []byte, err error) *Problem {
	var bad *yaml.LoadError
	if !errors.As(err, &bad) {
		return &Problem{File: name, Message: "not YAML: " + err.Error()}
	}
	message := "not YAML: " + bad.Message
	if bad.ContextMsg != "" {
		message += ", " + bad.ContextMsg
		if bad.ContextMark.Line > 0 && bad.ContextMark.Line != bad.Mark.Line {
			message += fmt.Sprintf(" that begins in line %d", bad.ContextMark.Line)
		}
	}
	lines := strings.Split(string(data), "\n")
	if i := bad.Mark.Line - 1; i >= 0 && i < len(lines) && strings.HasPrefix(strings.TrimLeft(lines[i], " "), "\t") {
		message += " (indent with spaces, not with tabs)"
	}
	return &Problem{File: name, Line: bad.Mark.Line, Column: bad.Mark.Column, Message: message}
}
