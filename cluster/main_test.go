package cluster

import (
	"testing"

	"go.uber.org/goleak"

	_ "github.com/iagoloadgen/iago/transport/http1"
)

// TestMain looks for goroutines left behind, but for one of nats.go (see cluster/bus).
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}
