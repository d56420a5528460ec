package expr

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/iagoloadgen/iago/internal/suggest"
)

// program is a compiled expression.
type program struct {
	path, source string
	code         *vm.Program
	needs        uint64 // the variables that it mentions, by their places
	mentions     map[string]bool
}

// kind is what an expression must give.
type kind uint8

const (
	anything kind = iota
	condition
	number
)

// compile makes a program of source. It returns nil after a problem, and for an empty source.
func (m *machine) compile(path, source string, want kind, p *problems) *program {
	if source == "" {
		return nil
	}
	options := []expr.Option{expr.Env(m.types), expr.Patch(lookup(m.lookups))}
	switch want {
	case condition:
		options = append(options, expr.AsBool())
	case number:
		options = append(options, expr.AsInt())
	}
	for _, f := range m.functions {
		options = append(options, expr.Function(f.name, f.call, f.types...))
	}
	code, err := expr.Compile(source, options...)
	out := &program{path: path, source: source, code: code, mentions: map[string]bool{}}
	if err != nil {
		p.add(path, "%w", m.hint(out.explain(err)))
		return nil
	}
	if err := m.inspect(out); err != nil {
		p.add(path, "%w", err)
		return nil
	}
	return out
}

// inspect finds what the program mentions, and faults that the compiler does not look for.
func (m *machine) inspect(p *program) error {
	v := visitor{program: p, places: map[string]int{}, members: m.members}
	t := reflect.TypeOf(m.types)
	for i := range t.NumField() {
		v.places[t.Field(i).Tag.Get("expr")] = i
	}
	node := p.code.Node()
	ast.Walk(&node, &v)
	return v.err
}

// visitor looks at each part of an expression.
type visitor struct {
	program *program
	places  map[string]int
	members map[string][]string
	err     error
}

// Visit implements ast.Visitor.
func (v *visitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		v.program.mentions[n.Value] = true
		if i, ok := v.places[n.Value]; ok {
			v.program.needs |= 1 << i
		}
		if n.Value == "$env" {
			v.fail(n, errors.New("$env has no use here; name the variable itself"))
		}
	case *ast.MemberNode:
		v.member(n)
	case *ast.CallNode:
		v.call(n)
	}
}

// member finds misspelled members of maps that are known ahead.
func (v *visitor) member(n *ast.MemberNode) {
	base, ok := n.Node.(*ast.IdentifierNode)
	name, constant := n.Property.(*ast.StringNode)
	if !ok || !constant {
		return
	}
	known, fixed := v.members[base.Value]
	switch {
	case !fixed || slices.Contains(known, name.Value):
	case len(known) == 0 && base.Value == "found":
		v.fail(n, errors.New("found has members only in the expr of a follow-up with extract"))
	case len(known) == 0:
		v.fail(n, errors.New("kept has no members without request.expr.keep"))
	default:
		v.fail(n, fmt.Errorf("%s has no member %s; it has %s", base.Value, name.Value, strings.Join(known, ", ")))
	}
}

// call finds regular expressions that are none.
func (v *visitor) call(n *ast.CallNode) {
	name, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || !takesPattern[name.Value] || len(n.Arguments) < 2 {
		return
	}
	if pattern, ok := n.Arguments[1].(*ast.StringNode); ok {
		if _, err := regexp.Compile(pattern.Value); err != nil {
			v.fail(pattern, err)
		}
	}
}

func (v *visitor) fail(n ast.Node, err error) {
	if v.err == nil {
		v.err = v.program.explain((&file.Error{Location: n.Location(), Message: err.Error()}).Bind(v.program.code.Source()))
	}
}

// lookup turns members of some maps (query.user) into calls that look for the one member and make no map.
type lookup map[string]string

// Visit implements ast.Visitor.
func (l lookup) Visit(node *ast.Node) {
	member, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	base, ok := member.Node.(*ast.IdentifierNode)
	name, constant := member.Property.(*ast.StringNode)
	if !ok || !constant || l[base.Value] == "" {
		return
	}
	callee := &ast.IdentifierNode{Value: l[base.Value]}
	callee.SetLocation(member.Location())
	ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: []ast.Node{name}})
}

// explain puts an error of the library in one line, with its place in the expression.
func (p *program) explain(err error) error {
	shown := strings.Join(strings.Fields(p.source), " ")
	var e *file.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: in %s", plainly(err.Error()), shown)
	}
	where := fmt.Sprintf("column %d", e.Column+1)
	if strings.Contains(p.source, "\n") {
		where = fmt.Sprintf("line %d, column %d", e.Line, e.Column+1)
	}
	return fmt.Errorf("%s: %s: in %s", where, plainly(e.Message), shown)
}

// Messages of the library in Go's words.
var (
	noField = regexp.MustCompile(`type \*?expr\.(\w+)Types has no field (\w+)`)
	noBool  = regexp.MustCompile(`invalid operation: bool\((\w+)\)`)
)

// plainly takes Go's words out of a message.
func plainly(message string) string {
	message = noField.ReplaceAllString(message, "$1 has no field $2")
	message = noBool.ReplaceAllString(message, "gave a $1; expected true or false")
	message = strings.ReplaceAll(message, "interface {}", "value")
	return strings.NewReplacer("expected bool, but got ", "expected true or false, but it gives a ", "map[string]value", "object", "<nil>", "nothing (nil)",
		"from nil", "from nothing (nil)", "float64", "number", "[]value", "list").Replace(message)
}

var unknownName = regexp.MustCompile(`(?:unknown name|has no field) (\w+)`)

// hint adds what was probably meant to a message about an unknown name.
func (m *machine) hint(err error) error {
	found := unknownName.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	variables, known := m.names, m.callable()
	if strings.Contains(err.Error(), "has no field") {
		variables, known = requestNames, nil
	}
	if near := suggest.Nearest(found[1], append(slices.Clone(variables), known...)); near != "" {
		return fmt.Errorf("%w (did you mean %s?)", err, near)
	}
	return fmt.Errorf("%w; known here: %s", err, strings.Join(variables, ", "))
}

// callable are the names of all functions that expressions may call.
func (m *machine) callable() []string {
	names := slices.Clone(builtin.Names)
	for _, f := range m.functions {
		if !strings.HasSuffix(f.name, internalMark) {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
