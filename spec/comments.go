package spec

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"sync"
)

// The fields' comments describe them in the JSON Schema too, so that they are written once.
var (
	//go:embed spec.go
	specSource string
	//go:embed sections.go
	sectionsSource string
)

// comments are those of all fields of the structs in the sources above, by "Type.Field".
var comments = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	for _, source := range []string{specSource, sectionsSource} {
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ParseComments)
		if err != nil {
			panic("spec: its own source: " + err.Error())
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if t, ok := n.(*ast.TypeSpec); ok {
				fieldComments(t, found)
			}
			return true
		})
	}
	return found
})

func fieldComments(t *ast.TypeSpec, found map[string]string) {
	s, ok := t.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			found[t.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
		}
	}
}

// comment returns the comment of a field of one of this package's types, or nothing.
func comment(t reflect.Type, field string) string {
	if t.PkgPath() != reflect.TypeFor[Spec]().PkgPath() {
		return ""
	}
	return comments()[t.Name()+"."+field]
}
