// Package idl reads Thrift's interface definition language: it parses a .thrift file
// and those it includes, and resolves them into a model from which calls can be encoded
// and answers decoded without generated code.
//
//	doc, err := idl.Load("tutorial.thrift", []string{"/usr/share/thrift"})
//	add := doc.Service("Calculator").Method("add")
//	for _, arg := range add.Args.Fields { … }
//
// The grammar is that of the Apache Thrift compiler, its older forms (async, xsd_*,
// cpp_type, &) and annotations included, and so are its rules: a type may be used before
// its definition; constants, services extended, exceptions thrown and the types of values
// may not. Ids that are missing or not positive count down from -1. As in compilers after
// 0.17 there is a type uuid, and a keyword may name a field.
//
// It is stricter than the compiler where a value could not be sent as written: numbers
// must fit their types, field ids 16 bits, values of lists and maps be lists and maps
// (an empty one may be either), values behind a typedef fit it, a union have at most one
// value, a typedef not stand for itself, every include be found. It is laxer where the
// compiler's generators differ: words reserved in some language may be names, and
// constants of container types may be referred to.
//
// Each error names file, line and column, what was found, what was expected, and a fix
// where one can be guessed. Load gives the first error of a file's syntax, or all those
// about its meaning, joined.
package idl
