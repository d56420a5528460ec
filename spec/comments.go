package spec

import (
	"embed"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"sync"

	"github.com/iagoloadgen/iago/processor/exec"
	"github.com/iagoloadgen/iago/processor/expr"
	"github.com/iagoloadgen/iago/transport/proxy"
)

//go:embed spec.go sections.go
var sources embed.FS

// described are the sources of the types that the spec is made of, by package: the fields' comments describe them in the JSON Schema
// too, so that they are written once.
var described = map[string]embed.FS{
	reflect.TypeFor[Spec]().PkgPath():         sources,
	reflect.TypeFor[expr.Config]().PkgPath():  expr.Sources,
	reflect.TypeFor[exec.Config]().PkgPath():  exec.Sources,
	reflect.TypeFor[proxy.Config]().PkgPath(): proxy.Sources,
}

// comments are those of all fields of the structs in the sources above, by "package.Type.Field".
var comments = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	for name, files := range described {
		for _, file := range sourceFiles(files) {
			ast.Inspect(file, func(n ast.Node) bool {
				if t, ok := n.(*ast.TypeSpec); ok {
					fieldComments(name, t, found)
				}
				return true
			})
		}
	}
	return found
})

// sourceFiles are parsed from what is embedded in the program.
func sourceFiles(files embed.FS) (list []*ast.File) {
	entries, err := files.ReadDir(".")
	for _, e := range entries {
		var text []byte
		var file *ast.File
		if text, err = files.ReadFile(e.Name()); err == nil {
			file, err = parser.ParseFile(token.NewFileSet(), "", text, parser.ParseComments)
		}
		if err != nil {
			break
		}
		list = append(list, file)
	}
	if err != nil {
		panic("spec: its own source: " + err.Error())
	}
	return list
}

func fieldComments(pkg string, t *ast.TypeSpec, found map[string]string) {
	s, ok := t.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			found[pkg+"."+t.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
		}
	}
}

// comment returns the comment of a field of one of the described types, or nothing.
func comment(t reflect.Type, field string) string {
	return comments()[t.PkgPath()+"."+t.Name()+"."+field]
}
