package srv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
)

const (
	answerTimeout = 2 * time.Second // of one server, over one way
	largest       = 1232            // datagram that is not cut into pieces on its way
)

// ask asks each server in turn and returns the first answer that settles the question: that there are such records, or that
// there are none and whoever says so knows. Servers that fail, refuse, or point elsewhere settle nothing.
func (b *backend) ask(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	servers, err := b.nameServers()
	if err != nil {
		return nil, err
	}
	q := new(dns.Msg)
	q.SetQuestion(name, kind)
	q.SetEdns0(largest, false)
	var failed []error
	for _, s := range servers {
		answer, err := exchange(ctx, "udp", s, q)
		if err == nil && answer.Truncated {
			answer, err = exchange(ctx, "tcp", s, q)
		}
		if err == nil {
			err = settles(answer, name, kind)
		}
		if err == nil {
			return answer, nil
		}
		failed = append(failed, fmt.Errorf("%s, %s: %w", s, dns.TypeToString[kind], err))
	}
	return nil, errors.Join(failed...)
}

// settles says why an answer does not settle the question.
func settles(answer *dns.Msg, name string, kind uint16) error {
	switch {
	case answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError:
		return errors.New(dns.RcodeToString[answer.Rcode])
	case answer.Rcode == dns.RcodeSuccess && has(answer, kind):
		return nil
	case !answer.Authoritative && soa(answer, name) == nil:
		return fmt.Errorf("%s, but not from the zone's authority, nor with its SOA record", outcome(answer))
	}
	return nil
}

func outcome(answer *dns.Msg) string {
	if answer.Rcode == dns.RcodeSuccess {
		return "no such records"
	}
	return dns.RcodeToString[answer.Rcode]
}

func has(answer *dns.Msg, kind uint16) bool {
	for _, r := range answer.Answer {
		if r.Header().Rrtype == kind {
			return true
		}
	}
	return false
}

// soa is the record by which a zone's authority vouches, through resolvers too, for there being no such name or records (RFC 2308).
func soa(answer *dns.Msg, name string) *dns.SOA {
	for _, r := range answer.Answer { // the zone is that of the name that aliases lead to
		if c, ok := r.(*dns.CNAME); ok {
			name = c.Target
		}
	}
	for _, r := range answer.Ns {
		if s, ok := r.(*dns.SOA); ok && dns.IsSubDomain(s.Hdr.Name, name) {
			return s
		}
	}
	return nil
}

// exchange asks one server once.
func exchange(ctx context.Context, network, server string, q *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { _ = nc.Close() })()
	q = q.Copy()
	q.Id = dns.Id()
	conn := &dns.Conn{Conn: nc, UDPSize: largest}
	if err := conn.WriteMsg(q); err != nil {
		return nil, silence(ctx, err)
	}
	for {
		answer, err := conn.ReadMsg()
		if err != nil && ctx.Err() == nil && network == "udp" && !errors.As(err, new(net.Error)) {
			continue // no message at all, and so none to this question
		} else if err != nil {
			return nil, silence(ctx, err)
		}
		if answer.Id == q.Id && answer.Response && len(answer.Question) == 1 && answer.Question[0] == q.Question[0] {
			return answer, nil
		}
	}
}

// silence is err, unless that is only how it shows that there was no answer in time.
func silence(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", answerTimeout)
	}
	return err
}
