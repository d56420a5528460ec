//go:build !linux || !(amd64 || arm64)

package http

import (
	"context"
	"errors"
)

// newLoops says that there is no event loop for this system.
func newLoops(context.Context, *Server) (path, error) { return nil, errors.ErrUnsupported }
