package discovery

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestEntry(t *testing.T) {
	text, err := AppendEntry([]byte("x"), Member{Host: "10.0.0.1", Port: 80, Name: "ignored"})
	if want := `x{"serviceEndpoint":{"host":"10.0.0.1","port":80},"additionalEndpoints":{},"status":"ALIVE","shard":0}`; err != nil || string(text) != want {
		t.Errorf("%s, %v; expected %s", text, err, want)
	}
	// What Twitter's commons and its heirs write.
	full := `{"serviceEndpoint":{"host":"h","port":80},"additionalEndpoints":{"admin":{"host":"h","port":81},"bad":{"host":"","port":0}},` +
		`"status":"ALIVE","shard":4,"memberId":7,"metadata":{"a":"b"}}`
	for endpoint, says := range map[string]string{"": `endpoint "bad": no host`, "admin": `endpoint "bad": no host`, "http": `no additional endpoint "http"`} {
		if _, err := ParseEntry("member_1", []byte(full), endpoint); err == nil || !strings.Contains(err.Error(), "entry member_1: "+says) {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	full = strings.Replace(full, `,"bad":{"host":"","port":0}`, "", 1)
	want := Member{Host: "h", Port: 80, Name: "member_1", Shard: 4, Extra: map[string]Endpoint{"admin": {"h", 81}}}
	if m, err := ParseEntry("member_1", []byte(full), ""); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, %v", m, err)
	}
	want.Port = 81
	if m, err := ParseEntry("member_1", []byte(full), "admin"); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := ParseEntry("m", []byte(strings.Replace(full, "ALIVE", "DEAD", 1)), ""); !errors.Is(err, ErrNotAlive) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{
		``, `null`, `{}`, `[]`, `{"serviceEndpoint":{"host":"h","port":80}}`, `{"serviceEndpoint":{"host":"h","port":"80"},"status":"ALIVE"}`,
		`{"serviceEndpoint":{"host":"h"},"status":"ALIVE"}`, `{"status":"ALIVE"}`,
	} {
		if m, err := ParseEntry("m", []byte(bad), ""); err == nil {
			t.Errorf("%s is %+v", bad, m)
		}
	}
	if _, err := AppendEntry(nil, Member{Host: "h"}); err == nil {
		t.Error("a member without a port has an entry")
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add([]byte(`{"serviceEndpoint":{"host":"h","port":80},"additionalEndpoints":{"admin":{"host":"h","port":81}},"status":"ALIVE","shard":4}`), "admin")
	f.Add([]byte(`{"serviceEndpoint":{"host":"h","port":80},"status":"DEAD"}`), "")
	f.Add([]byte(`{"status":[]}`), "")
	f.Fuzz(func(t *testing.T, text []byte, endpoint string) {
		m, err := ParseEntry("m", text, endpoint)
		if err != nil {
			return
		}
		again, err := AppendEntry(nil, m)
		if err != nil {
			t.Fatalf("%q: %+v has no entry: %v", text, m, err)
		}
		if n, err := ParseEntry("m", again, ""); err != nil || !equal(m, n) {
			t.Errorf("%q: %+v, by way of %s %+v, %v", text, m, again, n, err)
		}
	})
}
