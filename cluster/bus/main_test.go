package bus_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines left behind, but for one of nats.go v1.55.0: where a connection is closed before it has begun, it waits on
// a channel that is gone (jetstream/publish.go).
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}
