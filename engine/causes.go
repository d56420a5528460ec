package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/transport"
)

// Causes of failure, as they are counted in summary.json.
const (
	causeTimeout        = "timeout"
	causeConnectTimeout = "connect timeout"
	causeCutOff         = "timeout: cut off at the end of the run"
	causeRefused        = "connection refused"
	causeReset          = "connection reset"
	causeResetKept      = "connection reset (kept connection)"
	causeClosedBefore   = "closed before answer"
	causeClosedKept     = "closed before answer (kept connection)"
	causeClosedEarly    = "closed early"
	causeBehind         = "closed: another request of its pipeline failed"
	causeBehindClose    = "closed: the answer before it in the pipeline was the last"
	causeUnreachable    = "unreachable"
	causeNoPort         = measure.FailedNoPort
	causeTLSVerify      = "tls: certificate not trusted"
	causeTLS            = "tls: handshake failed"
	causeEncode         = "not encodable"
	causeGone           = "target gone"
)

// Rules that drop, and what unsent requests waited for.
const (
	dropLate        = measure.DroppedLate
	dropOverload    = measure.DroppedOverload
	waitConnections = measure.UnsentConnections
	waitDescriptors = measure.UnsentDescriptors
	causeLease      = measure.FailedLease
	waitTargets     = "no target"
	waitThinking    = "their moment"
)

// timedOut tells whether a cause is a time-out.
func timedOut(cause string) bool {
	return cause == causeTimeout || cause == causeConnectTimeout || cause == causeCutOff
}

// outOfDescriptors tells whether a connection could not be begun for want of descriptors or kernel memory.
func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

var errnoCauses = map[syscall.Errno]string{
	syscall.ECONNREFUSED:  causeRefused,
	syscall.ENOENT:        causeRefused, // a Unix socket that is not there
	syscall.ECONNRESET:    causeReset,
	syscall.EPIPE:         causeReset,
	syscall.ECONNABORTED:  causeReset,
	syscall.ETIMEDOUT:     causeConnectTimeout,
	syscall.EHOSTUNREACH:  causeUnreachable,
	syscall.ENETUNREACH:   causeUnreachable,
	syscall.EADDRNOTAVAIL: causeNoPort,
}

// causeOf names what went wrong on a connection, in few and stable words.
func causeOf(err error) string {
	var errno syscall.Errno
	var malformed *transport.Malformed
	var refused *transport.Refused
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &malformed):
		return malformed.Error()
	case errors.As(err, &refused):
		return refused.Error()
	case errors.As(err, &errno):
		if cause, ok := errnoCauses[errno]; ok {
			return cause
		}
		return errno.Error()
	case errors.As(err, &verify), errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		return causeTLSVerify
	case errors.As(err, &alert), errors.As(err, &record):
		return causeTLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, transport.ErrEarlyClose):
		return causeClosedEarly
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return causeConnectTimeout
	}
	return err.Error()
}
