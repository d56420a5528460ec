package main

import (
	"context"
	"errors"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/iagoloadgen/iago/examples/thrift-echo/gen-go/echo"
)

// service answers with what it is told.
type service struct{}

func (service) Echo(_ context.Context, message string) (string, error) {
	if message == "" {
		return "", errors.New("nothing to say")
	}
	return message, nil
}

// serve listens on address and returns the server, whose AcceptLoop answers.
func serve(address string) (server *thrift.TSimpleServer, listener *thrift.TServerSocket, err error) {
	if listener, err = thrift.NewTServerSocket(address); err != nil {
		return nil, nil, err
	}
	if err := listener.Listen(); err != nil {
		return nil, nil, err
	}
	server = thrift.NewTSimpleServer4(echo.NewEchoServiceProcessor(service{}), listener,
		thrift.NewTFramedTransportFactoryConf(thrift.NewTTransportFactory(), nil), thrift.NewTBinaryProtocolFactoryConf(nil))
	return server, listener, nil
}
