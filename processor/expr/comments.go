package expr

import "embed"

// Sources are the files that define [Config]: the comments of its fields describe them in the JSON Schema of the spec file too.
//
//go:embed config.go query.go
var Sources embed.FS
