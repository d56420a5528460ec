package idl

// service resolves a service and its methods.
func (r *resolver) service(n *serviceNode) {
	s := n.Service
	s.byName = make(map[string]*Method, len(n.methods))
	if n.extends != "" {
		parent, ok := r.services[n.extends]
		if !ok {
			r.unknown(n.extendsPos, "service", n.extends, didYouMean(&r.complaints, n.extends, r.services))
		}
		s.Extends = parent.service
	}
	for _, m := range n.methods {
		r.method(m)
		if other := s.Method(m.Name); other != nil {
			r.add(m.Pos, "service %s has a method %s already, at %v: rename one", s.Name, m.Name, other.Pos)
			continue
		}
		s.byName[m.Name] = m.Method
		s.Methods = append(s.Methods, m.Method)
	}
	r.doc.Services = append(r.doc.Services, s)
	r.services[s.Name] = serviceEntry{pos: s.Pos, service: s}
}

func (r *resolver) method(n methodNode) {
	m := n.Method
	if n.result != nil {
		m.Result = r.typ(n.result)
	}
	m.Args = &Struct{Pos: m.Pos, Name: m.Name + "_args"}
	r.fill(m.Args, n.args)
	thrown := &Struct{Pos: m.Pos, Name: m.Name + "_result"}
	r.fill(thrown, n.throws)
	m.Throws = thrown.Fields
	for _, f := range m.Throws {
		r.exception(f)
	}
	if m.Oneway && len(m.Throws) > 0 {
		r.add(m.Pos, "oneway method %s cannot throw, since nothing is sent back: remove throws or oneway", m.Name)
	}
}

// exception checks a field of a throws clause.
func (r *resolver) exception(f *Field) {
	switch {
	case f.Type == nil: // told already
	case r.order[f.Type] >= r.now:
		r.add(f.Pos, "exception %s is thrown before its definition: move the definition above the service", f.Type.Name)
	case f.Type.Kind != KindStruct || f.Type.Struct.Kind != Exception:
		r.add(f.Pos, "%s is not an exception: only exceptions can be thrown", f.Type.Name)
	}
}
