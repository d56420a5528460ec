package cluster

import (
	"testing"

	"go.uber.org/goleak"

	_ "github.com/iagoloadgen/iago/transport/http1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
