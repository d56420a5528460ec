package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/cluster/bus/bustest"
)

// userText is a user limited to one job, in the form of NATS' configuration.
func userText(t *testing.T, job string) string {
	t.Helper()
	a, err := bus.Permissions(job)
	if err != nil {
		t.Fatal(err)
	}
	list := func(l []string) string { return `["` + strings.Join(l, `", "`) + `"]` }
	return fmt.Sprintf("{ user: %s, password: pw-%s, permissions: { publish: { allow: %s }, subscribe: { allow: %s } } }",
		job, job, list(a.Publish), list(a.Subscribe))
}

// as is how the user of a job connects.
func as(cfg bus.Config, job string) bus.Config {
	cfg.User, cfg.Password, cfg.Job = job, "pw-"+job, job
	return cfg
}

// TestPermissions: with credentials for one job everything works, and nothing of another job can be touched.
func TestPermissions(t *testing.T) {
	c := bustest.Start(t, bustest.Options{Auth: "authorization { users: [{ user: admin, password: pw-admin }, " + userText(t, "mine") + ", " + userText(t, "theirs") + "] }"})
	exercise(t, connect(t, as(c.Config(), "mine")), "mine")
	theirs := connect(t, as(c.Config(), "theirs"))
	exercise(t, theirs, "theirs")
	got := make(chan string, 10)
	j, err := theirs.OpenJob(t.Context(), "theirs")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Subscribe("control.>", func(m *bus.Message) {
		got <- m.Subject
		_ = m.Reply(nil)
	}); err != nil {
		t.Fatal(err)
	}
	trespass(t, as(c.Config(), "mine"), "mine", "theirs", func() {
		untouched(t, j)
		if len(got) > 0 {
			t.Errorf("a message to %s came from outside the job", <-got)
		}
	})
}

// exercise does everything that is done with a job.
func exercise(t *testing.T, b *bus.Bus, job string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	j, err := b.CreateJob(ctx, job, bus.JobConfig{})
	ok(err)
	rev, err := j.Create(ctx, "members.a", []byte("secret"))
	ok(err)
	_, err = j.Update(ctx, "members.a", []byte("secret"), rev)
	ok(err)
	_, err = j.Put(ctx, "gone", nil)
	ok(err)
	ok(j.Delete(ctx, "gone", 0))
	if keys, err := j.Keys(ctx, "members."); err != nil || len(keys) != 1 {
		t.Fatalf("keys %q, %v", keys, err)
	}
	stop, err := j.Subscribe("control.rate", func(m *bus.Message) { _ = m.Reply(m.Data) })
	ok(err)
	defer stop()
	_, err = j.Request(ctx, "control.rate", nil)
	ok(err)
	q, err := j.Queue(bus.QueueConfig{})
	ok(err)
	for _, n := range []int{10, 3 << 20} {
		ok(q.Push(ctx, make([]byte, n), ""))
	}
	ok(q.Close(ctx))
	p, err := j.Pull(ctx, bus.PullConfig{})
	ok(err)
	i, err := p.Next(ctx)
	ok(err)
	ok(i.Extend())
	i.Ack()
	if i, err = p.Next(ctx); err != nil {
		t.Fatal(err)
	}
	ok(i.Nak())
	ok(p.Close(ctx))
	ok(j.PurgeRecords(ctx))
	_, err = j.Append(ctx, "w1", "1", make([]byte, 2<<20))
	ok(err)
	ok(j.Read(ctx, 0, func(bus.LogEntry) error { return bus.ErrStop }))
	_, err = j.Depth(ctx)
	ok(err)
	if jobs, err := b.Jobs(ctx); err != nil || len(jobs) != 1 {
		t.Fatalf("jobs %q, %v", jobs, err)
	}
	ok(b.DeleteJob(ctx, job))
	j, err = b.CreateJob(ctx, job, bus.JobConfig{})
	ok(err)
	_, err = j.Put(ctx, "members.a", []byte("secret"))
	ok(err)
	_, err = j.Append(ctx, "w1", "1", []byte("secret"))
	ok(err)
}

// trespass tries, with the credentials of one job, all that could be done to another. With those of the administrator the
// same must be possible, or the attempts would prove nothing.
func trespass(t *testing.T, cfg bus.Config, mine, theirs string, check func()) {
	t.Helper()
	dial := func(user, inbox string) *nats.Conn {
		nc, err := nats.Connect(cfg.URL, nats.UserInfo(user, "pw-"+user), nats.CustomInboxPrefix(inbox), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	for _, a := range trespasses(mine, theirs) {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			defer cancel()
			if err := a.try(ctx, dial(mine, "iago."+mine+".inbox")); err == nil {
				t.Errorf("it is possible to %s", a.name)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	b, err := bus.Connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.OpenJob(ctx, theirs); !errors.Is(err, bus.ErrDenied) {
		t.Errorf("%v; expected %v", err, bus.ErrDenied)
	}
	check()
	admin := dial("admin", "_INBOX")
	for _, a := range trespasses(mine, theirs) {
		if strings.HasPrefix(a.name, "listen") || a.name == "acknowledge" { // need somebody who speaks, a record under way
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if a.name == "send control" { // the one who answers may not do so elsewhere
			a.try = func(ctx context.Context, _ *nats.Conn) error {
				j, err := connect(t, admins(cfg)).OpenJob(ctx, theirs)
				if err == nil {
					_, err = j.Request(ctx, "control.stop", nil)
				}
				return err
			}
		}
		if err := a.try(ctx, admin); err != nil {
			t.Errorf("the administrator cannot %s: %v", a.name, err)
		}
		cancel()
	}
}

// admins are the administrator's means, for all jobs.
func admins(cfg bus.Config) bus.Config {
	cfg.User, cfg.Password, cfg.Job = "admin", "pw-admin", ""
	return cfg
}

// attempt is something that must not be possible.
type attempt struct {
	name string
	try  func(context.Context, *nats.Conn) error
}

// trespasses are attempts on another job, the worst at the end.
func trespasses(mine, theirs string) []attempt {
	kv, results := "KV_iago_"+theirs, "iago_"+theirs+"_results"
	request := func(subject, body string) func(context.Context, *nats.Conn) error {
		return func(ctx context.Context, nc *nats.Conn) error {
			m, err := nc.RequestWithContext(ctx, subject, []byte(body))
			if err == nil && strings.Contains(string(m.Data), `"error"`) {
				return errors.New(string(m.Data))
			}
			return err
		}
	}
	listen := func(subject string) func(context.Context, *nats.Conn) error {
		return func(ctx context.Context, nc *nats.Conn) error {
			s, err := nc.SubscribeSync(subject)
			if err == nil {
				err = nc.Publish("iago."+mine+".control.x", nil)
			}
			if err == nil {
				_, err = s.NextMsgWithContext(ctx)
			}
			return err
		}
	}
	spy := func(name string) string {
		return fmt.Sprintf(`{"stream_name":%q,"action":"","config":{"name":%q,"ack_policy":"none","mem_storage":true}}`, results, name)
	}
	return []attempt{
		{"open", request("$JS.API.STREAM.INFO."+kv, "")},
		{"read a message", request("$JS.API.STREAM.MSG.GET."+results, `{"seq":1}`)},
		{"consume", request("$JS.API.CONSUMER.CREATE."+results+".spy", spy("spy"))},
		{"see consumers", request("$JS.API.CONSUMER.NAMES."+results, "")},
		{"list", request("$JS.API.STREAM.NAMES", "")},
		{"write a key", request("$KV.iago_"+theirs+".other", "x")},
		{"write a record", request("iago."+theirs+".records", "x")},
		{"write a result", request("iago."+theirs+".results.w1", "x")},
		{"write a chunk", request("iago."+theirs+".chunks.records.x.0", "x")},
		{"send control", request("iago."+theirs+".control.stop", "")},
		{"acknowledge", request("$JS.ACK.iago_"+theirs+"_records.workers.1.1.1.1.0", "+ACK")},
		{"listen", listen("iago." + theirs + ".>")},
		{"listen to all", listen(">")},
		{"listen to jobs", listen("iago.>")},
		{"listen to keys", listen("$KV.>")},
		{"listen to inbox", listen("_INBOX.>")},
		{"make a stream", request("$JS.API.STREAM.CREATE.spy", `{"name":"spy","subjects":["spy"]}`)},
		{"remove a message", request("$JS.API.STREAM.MSG.DELETE."+results, `{"seq":2}`)},
		{"purge", request("$JS.API.STREAM.PURGE."+results, "")},
		{"delete", request("$JS.API.STREAM.DELETE."+results, "")},
	}
}

// untouched: the job is as exercise has left it.
func untouched(t *testing.T, j *bus.Job) {
	t.Helper()
	if e, err := j.Get(t.Context(), "members.a"); err != nil || string(e.Value) != "secret" {
		t.Errorf("%q, %v", e.Value, err)
	}
	if d, err := j.Depth(t.Context()); err != nil || d.Undelivered != 0 {
		t.Errorf("%+v, %v", d, err)
	}
	n := 0
	err := j.Read(t.Context(), 0, func(e bus.LogEntry) error {
		if n++; string(e.Data) != "secret" || e.Pending != 0 {
			t.Errorf("%+v", e)
		}
		return bus.ErrStop
	})
	if err != nil || n != 1 {
		t.Errorf("%d results, %v", n, err)
	}
}

// TestAccounts: an account for each job keeps even those apart who write requests to JetStream by hand.
func TestAccounts(t *testing.T) {
	c := bustest.Start(t, bustest.Options{Auth: `accounts {
		MINE { jetstream: enabled, users: [{ user: mine, password: pw-mine }] }
		THEIRS { jetstream: enabled, users: [` + userText(t, "theirs") + `] }
		NONE { users: [{ user: none, password: pw-none }] }
	}`})
	exercise(t, connect(t, as(c.Config(), "theirs")), "theirs")
	nc, err := nats.Connect(c.Config().URL, nats.UserInfo("mine", "pw-mine"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Stream(t.Context(), "KV_iago_theirs"); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("%v; the streams of another account can be seen", err)
	}
	s, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "spy", Mirror: &jetstream.StreamSource{Name: "iago_theirs_results"}})
	if err == nil && s.CachedInfo().State.Msgs > 0 {
		t.Error("the stream of another account can be copied")
	}
	cfg := c.Config()
	cfg.User, cfg.Password = "none", "pw-none"
	if _, err := bus.Connect(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "enable JetStream for it") {
		t.Errorf("%v; expected a word on JetStream for the account", err)
	}
}
