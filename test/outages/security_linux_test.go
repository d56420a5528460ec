package outages

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/iagoloadgen/iago/cluster/bus"
	"github.com/iagoloadgen/iago/cluster/bus/bustest"
	"github.com/iagoloadgen/iago/report"
	"github.com/iagoloadgen/iago/test/cluster"
	"github.com/iagoloadgen/iago/test/netns"
)

// TestBusBeyondLoopback: a bus that others can reach is refused without TLS, unless somebody says that it is meant.
func TestBusBeyondLoopback(t *testing.T) {
	t.Parallel()
	target := counted(t)
	url := "http://" + target.Addr().String()
	p := cluster.Start(t, nil, "feed", url, "--bus-listen", "0.0.0.0:0")
	if status := p.Wait(soon); status != report.ExitUsage || !strings.Contains(p.Stderr(), "beyond loopback") {
		t.Errorf("status %d: %s", status, p.Stderr())
	}
	p = cluster.Start(t, nil, "feed", url, "--bus-listen", "0.0.0.0:0", "--bus-plain", "--wait-workers", "1s")
	if status := p.Wait(soon); status != report.ExitFailed || !strings.Contains(p.Stderr(), "0 of 1 workers had come") {
		t.Errorf("status %d: %s", status, p.Stderr())
	}
	if target.Total() > 0 {
		t.Errorf("the target has seen %d requests", target.Total())
	}
}

// embedded starts a feeder with a bus of its own and returns it with the bus's address.
func embedded(t *testing.T, args ...string) (feeder *cluster.Proc, url string) {
	t.Helper()
	feeder = cluster.Start(t, nil, append([]string{"feed"}, args...)...)
	return feeder, feeder.Says(soon, `^bus: (\S+)$`)[1]
}

// TestWrongToken: whoever has a wrong token, or none, is told so and does nothing.
func TestWrongToken(t *testing.T) {
	t.Parallel()
	target := counted(t)
	good := filepath.Join(t.TempDir(), "token")
	feeder, url := embedded(t, "http://"+target.Addr().String(), "-r", "100/s", "-d", "1s", "--arrival", "uniform", "--name", name, "--bus-write-token", good, "--lease", patient, "--out", filepath.Join(t.TempDir(), "run"))
	netns.Eventually(t, soon, func() bool {
		_, err := os.Stat(good)
		return err == nil
	}, func() string { return "there is a token" })
	if i, err := os.Stat(good); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("the token's file: %v, %v", i.Mode(), err)
	}
	bad := file(t, "bad", "not-the-token")
	for _, args := range [][]string{
		{"worker", "--bus", url, "--bus-token-file", bad},
		{"worker", "--bus", url},
		{"ctl", name, "status", "--bus", url, "--bus-token-file", bad},
		{"feed", "http://" + target.Addr().String(), "--bus", url, "--bus-token-file", bad},
	} {
		p := cluster.Start(t, nil, args...)
		if status := p.Wait(soon); status == report.ExitDone || !strings.Contains(p.Stderr(), "token") || !strings.Contains(p.Stderr(), "not allowed") {
			t.Errorf("%q: status %d: %s", args[0], status, p.Stderr())
		}
	}
	worker := cluster.Start(t, nil, "worker", "--bus", url, "--bus-token-file", good)
	feeder.Finish(whole)
	ends(t, soon, worker)
	if target.Total() != 100 {
		t.Errorf("the target has seen %d", target.Total())
	}
}

// TestTokenStaysSecret: nobody reads it from a process's arguments, from what is said, or from what a run leaves.
func TestTokenStaysSecret(t *testing.T) {
	t.Parallel()
	target := counted(t)
	const token = "s3cr3t-of-the-bus"
	folder := t.TempDir()
	dir := filepath.Join(folder, "run")
	secret := file(t, "token", token+"\n")
	feeder, url := embedded(t, "http://"+target.Addr().String(), "-r", "100/s", "-d", "3s", "--name", name, "--bus-token-file", secret, "--out", dir)
	worker := cluster.Start(t, nil, "worker", "--name", "w1", "--bus", url, "--bus-token-file", secret)
	worker.Says(soon, "joined job")
	logs := cluster.Start(t, nil, "ctl", name, "logs", "w1", "--bus", url, "--bus-token-file", secret)
	logs.Wait(soon)
	// Several workers of one machine get theirs in a file too.
	crew := run(t, 2, "http://"+target.Addr().String(), "-r", "100/s", "-d", "3s")
	var drawn string
	netns.Eventually(t, soon, func() bool {
		for _, args := range arguments(t, crew.PID()) {
			if _, after, ok := strings.Cut(args, "\x00--bus-token-file\x00"); ok {
				path, _, _ := strings.Cut(after, "\x00")
				b, _ := os.ReadFile(path)
				drawn = strings.TrimSpace(string(b))
			}
		}
		return drawn != ""
	}, func() string { return "a worker has a token" })
	for _, pid := range []int{feeder.PID(), worker.PID(), crew.PID()} {
		for _, args := range arguments(t, pid) {
			if strings.Contains(args, token) || strings.Contains(args, drawn) {
				t.Errorf("process arguments show the token: %q", args)
			}
		}
	}
	for _, p := range []*cluster.Proc{feeder, crew.Proc} {
		p.Finish(whole)
	}
	ends(t, soon, worker)
	for _, p := range []*cluster.Proc{feeder, worker, logs, crew.Proc} {
		if said := p.Stdout() + p.Stderr(); strings.Contains(said, token) || strings.Contains(said, drawn) {
			t.Errorf("%v says the token:\n%s", p, said)
		}
	}
	for _, d := range []string{dir, crew.dir} {
		clean(t, d, token, drawn)
	}
}

// arguments are those of a process and its children.
func arguments(t *testing.T, pid int) (list []string) {
	t.Helper()
	own, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err == nil {
		list = append(list, string(own))
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range tasks {
		b, _ := os.ReadFile(path)
		for child := range strings.FieldsSeq(string(b)) {
			if args, err := os.ReadFile("/proc/" + child + "/cmdline"); err == nil {
				list = append(list, string(args))
			}
		}
	}
	return list
}

// clean asserts that no file of a run directory has one of the secrets in it.
func clean(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files++
		for _, s := range secrets {
			if strings.Contains(string(b), s) {
				t.Errorf("%s has a secret in it", path)
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
}

// authority signs certificates.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.key = a.newKey()
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	a.sign("ca", a.cert, &a.key.PublicKey)
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	a.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return k
}

// sign makes a certificate's file, and returns its path.
func (a *authority) sign(name string, c *x509.Certificate, key *ecdsa.PublicKey) string {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, key, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".pem", "CERTIFICATE", der)
}

func (a *authority) write(name, kind string, der []byte) string {
	a.t.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

func (a *authority) path() string { return filepath.Join(a.dir, "ca.pem") }

// issue makes a certificate and its key.
func (a *authority) issue(name string) (cert, key string) {
	a.t.Helper()
	k := a.newKey()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	return a.sign(name, leaf, &k.PublicKey), a.write(name+".key", "PRIVATE KEY", der)
}

// TestTLS: a bus beyond loopback with an authority of one's own, which both sides must have a certificate of.
func TestTLS(t *testing.T) {
	t.Parallel()
	target := counted(t)
	ours, others := newAuthority(t), newAuthority(t)
	cert, key := ours.issue("bus")
	mine, myKey := ours.issue("worker")
	foreign, foreignKey := others.issue("stranger")
	token, dir := filepath.Join(t.TempDir(), "token"), filepath.Join(t.TempDir(), "run")
	feeder, url := embedded(t, "http://"+target.Addr().String(), "-r", "100/s", "-d", "2s", "--arrival", "uniform", "--workers", "2", "--out", dir, "--name", name, "--lease", patient,
		"--bus-listen", "0.0.0.0:0", "--bus-write-token", token, "--bus-serve-cert", cert, "--bus-serve-key", key, "--bus-serve-ca", ours.path())
	if !strings.HasPrefix(url, "tls://127.0.0.1:") {
		t.Errorf("the bus is at %s", url)
	}
	at := []string{"--bus", url, "--bus-token-file", token}
	for what, args := range map[string][]string{
		"without a certificate":   {"--bus-ca", ours.path()},
		"with another's":          {"--bus-ca", ours.path(), "--bus-cert", foreign, "--bus-key", foreignKey},
		"trusting another":        {"--bus-ca", others.path(), "--bus-cert", mine, "--bus-key", myKey},
		"without TLS":             {"--bus", "nats://" + strings.TrimPrefix(url, "tls://")},
		"with half a certificate": {"--bus-ca", ours.path(), "--bus-cert", mine},
	} {
		p := cluster.Start(t, nil, append(append([]string{"worker", "--wait-bus", "0s"}, at...), args...)...)
		if status := p.Wait(soon); status == report.ExitDone || len(p.Stderr()) == 0 {
			t.Errorf("%s: status %d: %s", what, status, p.Stderr())
		}
	}
	right := append(at, "--bus-ca", ours.path(), "--bus-cert", mine, "--bus-key", myKey)
	var crew []*cluster.Proc
	for range 2 {
		crew = append(crew, cluster.Start(t, nil, append([]string{"worker"}, right...)...))
	}
	p := cluster.Start(t, nil, append([]string{"ctl", name, "workers"}, right...)...)
	if status := p.Wait(soon); status != report.ExitDone {
		t.Errorf("ctl: status %d", status)
	}
	feeder.Finish(whole)
	ends(t, soon, crew...)
	plain(t, &exact(t, dir).Summary, target, 200)
}

// TestJobsApart: two jobs on one bus, each with credentials of its own (NKeys). They run side by side, and neither can be seen or steered with the
// other's.
func TestJobsApart(t *testing.T) {
	long(t)
	var users, seeds []string
	jobs := []string{"mine", "theirs"}
	for _, job := range jobs {
		k, err := nkeys.CreateUser()
		if err != nil {
			t.Fatal(err)
		}
		public, err := k.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		seed, err := k.Seed()
		if err != nil {
			t.Fatal(err)
		}
		a, err := bus.Permissions(job)
		if err != nil {
			t.Fatal(err)
		}
		list := func(l []string) string { return `["` + strings.Join(l, `", "`) + `"]` }
		users = append(users, fmt.Sprintf("{ nkey: %s, permissions: { publish: { allow: %s }, subscribe: { allow: %s } } }", public, list(a.Publish), list(a.Subscribe)))
		seeds = append(seeds, file(t, job+".nk", string(seed)))
	}
	servers := bustest.Start(t, bustest.Options{Auth: "authorization { users: [" + strings.Join(users, ", ") + "] }"})
	url := servers.Config().URL
	target := counted(t)
	at := func(i int, args ...string) []string { return append(args, "--bus", url, "--bus-nkey", seeds[i]) }
	source := file(t, "paths", paths(50))
	var feeders, crew []*cluster.Proc
	var dirs []string
	for i, job := range jobs {
		dirs = append(dirs, filepath.Join(t.TempDir(), "run"))
		feeders = append(feeders, cluster.Start(t, nil, at(i, "feed", "http://"+target.Addr().String(), "-r", "100/s", "-d", "10m", "--records", source,
			"--name", job, "--workers", "2", "--out", dirs[i], "--quiet")...))
		for range 2 {
			crew = append(crew, cluster.Start(t, nil, at(i, "worker", "--job", job)...))
		}
	}
	for _, p := range crew {
		p.Says(soon, "joined job")
	}
	for i, job := range jobs {
		if p := cluster.Start(t, nil, at(i, "ctl", job, "workers")...); p.Wait(soon) != report.ExitDone {
			t.Errorf("one's own job: %s", p.Stderr())
		}
		p := cluster.Start(t, nil, at(1-i, "ctl", job, "kill")...)
		if status := p.Wait(soon); status == report.ExitDone || !strings.Contains(p.Stderr(), "not allowed") {
			t.Errorf("another's job: status %d: %s", status, p.Stderr())
		}
		p = cluster.Start(t, nil, at(1-i, "worker", "--job", job)...)
		if status := p.Wait(soon); status == report.ExitDone || !strings.Contains(p.Stderr(), "not allowed") {
			t.Errorf("another's job: status %d: %s", status, p.Stderr())
		}
	}
	all := int64(0)
	for i, p := range feeders {
		cluster.Start(t, nil, at(i, "ctl", jobs[i], "stop")...).Wait(soon)
		if status := p.Wait(whole); status != report.ExitInterrupted {
			t.Errorf("feeder %s ended with status %d", jobs[i], status)
		}
		q := exact(t, dirs[i]).Summary.Requests
		if all += q.Completed; q.Completed != q.Scheduled || q.Completed == 0 {
			t.Errorf("job %s: %s", jobs[i], text(q))
		}
	}
	ends(t, soon, crew...)
	if target.Total() != all {
		t.Errorf("the target has seen %d, the jobs say %d", target.Total(), all)
	}
}
