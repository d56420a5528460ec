package bus

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// FuzzURL: no URL makes a panic, none that is accepted has an unusable server, and no error shows what may be a secret.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"nats://h:1", "tls://u:p@h,[::1]:2", "t@h", "nats://a%40:b@c", "://", "@", ",", "nats://u:p@a,u:p@b", "nats://[::1", "h:0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseURL(text)
		if err != nil {
			const secret = "hunter2"
			if _, err := parseURL("nats://user:" + secret + "@" + text); err != nil && !strings.Contains(text, secret) && strings.Contains(err.Error(), secret) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		for _, s := range a.servers {
			again, err := parseURL(s)
			if err != nil || len(again.servers) != 1 || again.servers[0] != s || again.user+again.password+again.token != "" {
				t.Errorf("%q: server %q reads as %+v, %v", text, s, again, err)
			}
		}
	})
}

// FuzzChunked: a header of chunks is refused or means what it says, and makes nobody allocate without bounds.
func FuzzChunked(f *testing.F) {
	f.Add("")
	f.Add(chunked{2, 3, [32]byte{1}}.String())
	f.Add("-1 0 x")
	f.Add("99999999999999999999 1 " + strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseChunked(text)
		if err != nil {
			return
		}
		if c.count < 0 || c.size > mostChunked || c.count > c.size {
			t.Errorf("%q: %+v", text, c)
		}
		if again, err := parseChunked(c.String()); c.count > 0 && (err != nil || again != c) {
			t.Errorf("%q: %+v, again %+v, %v", text, c, again, err)
		}
	})
}

// FuzzVerdict: whatever a server says of a request, the request ends in bounds.
func FuzzVerdict(f *testing.F) {
	f.Add("100", "Idle Heartbeat", "3", "7")
	f.Add("409", "Message Size Exceeds MaxBytes", "", "")
	f.Add("409", "Leadership Change", "-1", "x")
	f.Add("503", "", "99999999999999999999", "0")
	f.Fuzz(func(t *testing.T, status, description, pending, last string) {
		h := nats.Header{"Status": {status}, "Description": {description}, "Nats-Pending-Messages": {pending}, "Nats-Last-Consumer": {last}}
		if over, err := verdict(h); !over && (err != nil || status != "100") {
			t.Errorf("%q: goes on with %v", status, err)
		}
		if n := missing(h, 10); n < 0 || n > 10 {
			t.Errorf("%q: %d of 10 are missing", pending, n)
		}
		delivered(h)
	})
}

// FuzzStored: a word on a message counts as its confirmation only where it names a stream and no error.
func FuzzStored(f *testing.F) {
	f.Add([]byte(`{"stream":"s","seq":1}`), "")
	f.Add([]byte(`{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}`), "")
	f.Add([]byte(nil), "503")
	f.Fuzz(func(t *testing.T, data []byte, status string) {
		m := &nats.Msg{Data: data, Header: nats.Header{}}
		if status != "" {
			m.Header.Set("Status", status)
		}
		if stored(m) == nil && (status != "" || !strings.Contains(strings.ToLower(string(data)), "stream")) {
			t.Errorf("%q with status %q is a confirmation", data, status)
		}
	})
}

// FuzzNames: no name that is accepted can leave its job, or stand for anything else.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"a", "a.b", "a.*", ">", "a b", "iago.x", "", "..", "a/b=c", "records.x", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		wild := func(s string) bool {
			return strings.ContainsAny(s, "*> \t\r\n") || strings.Contains(s, "..") || strings.HasSuffix(s, ".")
		}
		if ValidJob(name) == nil && (wild(name) || strings.Contains(name, ".")) {
			t.Errorf("job %q", name)
		}
		if validKey(name) == nil && wild(name) {
			t.Errorf("key %q", name)
		}
		if plain(name, false) == nil && wild(name) {
			t.Errorf("subject %q", name)
		}
		if validID(name) == nil {
			if s := (names{"j"}).chunk("records", name, 3); wild(s) || strings.Count(s, ".") != 5 {
				t.Errorf("id %q: chunks at %q", name, s)
			}
		}
	})
}
