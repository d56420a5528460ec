package main

import (
	"context"
	"fmt"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/examples/thrift-echo/gen-go/echo"
	"github.com/iagoloadgen/iago/job"
	"github.com/iagoloadgen/iago/load"
	"github.com/iagoloadgen/iago/spec"
	_ "github.com/iagoloadgen/iago/standard"
	_ "github.com/iagoloadgen/iago/transport/thrift"
	"github.com/iagoloadgen/iago/transport/thrift/client"
)

// say is what is done with each record: one call by the generated client.
func say(ctx context.Context, rec *load.Record, c thrift.TClient) error {
	line := string(rec.Raw)
	answer, err := echo.NewEchoServiceClient(c).Echo(ctx, line)
	if err != nil {
		return err
	}
	if answer != line {
		return fmt.Errorf("said %q, heard %q", line, answer)
	}
	return nil
}

// run runs the spec at path with say as its processor. changes are made to the spec first.
func run(ctx context.Context, path string, changes ...func(*spec.Spec)) (*job.Outcome, error) {
	s, err := spec.Load(path, changes...)
	if err != nil {
		return nil, err
	}
	p, err := client.New(say, client.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }() // always nil
	j, err := job.Prepare(s, job.Options{Processor: p})
	if err != nil {
		return nil, err
	}
	return j.Run(ctx, context.Background())
}
