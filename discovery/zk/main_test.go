package zk

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/discovery"
	"github.com/iagoloadgen/iago/discovery/zk/zktest"
)

// memberEnv makes the test binary a process that registers at the address in it, to be killed.
const memberEnv = "IAGO_TEST_REGISTER_AT"

func TestMain(m *testing.M) {
	if address := os.Getenv(memberEnv); address != "" {
		registerForever(address)
	}
	goleak.VerifyTestMain(m)
}

func registerForever(address string) {
	b, err := discovery.Open(address, nil)
	if err == nil {
		r, _ := discovery.RegistrarOf(b)
		_, err = r.Register(context.Background(), discovery.Member{Host: "192.0.2.99", Port: 99})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	select {}
}

const session = zktest.Session
