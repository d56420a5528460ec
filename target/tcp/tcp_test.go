package tcp

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/iagoloadgen/iago/target/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFramings(t *testing.T) {
	for _, tt := range []struct{ framing, reply, send, want string }{
		{"delimiter", "", "one\ntwo\nthr", "one\ntwo\n"},
		{`delimiter:\r\n`, "", "a\nb\r\n\r\n", "a\nb\r\n\r\n"},
		{`delimiter:"\x00`, "", "a\x00b\"\x00", "a\x00b\"\x00"},
		{"delimiter:||", "ok", "a|b||c||", "ok||ok||"},
		{"length", "", "\x00\x00\x00\x02ab\x00\x00\x00\x00", "\x00\x00\x00\x02ab\x00\x00\x00\x00"},
		{"length:1", "xyz", "\x02ab\x00", "\x03xyz\x03xyz"},
		{"fixed:3", "", "abcdefgh", "abcdef"},
		{"fixed:3", "xyz", "abcdefgh", "xyzxyz"},
		{"close", "", "all of it\n", "all of it\n"},
		{"close", "done", "all of it\n", "done"},
	} {
		t.Run(tt.framing+tt.reply, func(t *testing.T) {
			f, err := ParseFraming(tt.framing)
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Options: stream.Options{Listen: "127.0.0.1:0"}, Framing: f}
			if tt.reply != "" {
				o.Reply = []byte(tt.reply)
			}
			s, err := Start(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			c, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(20 * time.Second))
			for _, b := range []byte(tt.send) { // in the smallest pieces
				c.Write([]byte{b})
			}
			c.(*net.TCPConn).CloseWrite()
			if got, err := io.ReadAll(c); string(got) != tt.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestFail(t *testing.T) {
	for text, want := range map[string]string{"delimiter": "ERROR 7\n", "length:2": "\x00\x07ERROR 7", "fixed:9": "ERROR 7\x00\x00", "fixed:2": "ER", "close": "ERROR 7"} {
		f, err := ParseFraming(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := string((&session{framing: f}).Fail(nil, 7)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{"", "lines", "delimiter:", `delimiter:\q`, "length:3", "length:x", "fixed", "fixed:0", "fixed:99999999", "close:1"} {
		if f, err := ParseFraming(text); err == nil || !strings.Contains(err.Error(), "expected delimiter") {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
	for _, o := range []Options{
		{Framing: Framing{Kind: "bogus"}}, {Framing: Framing{Kind: Fixed, Size: 3}, Reply: []byte("four")}, {Framing: Framing{Kind: Close}, Reply: []byte{}},
	} {
		if _, err := Start(t.Context(), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if _, _, err := (&Framing{Kind: Length, Size: 8}).next(bytes.Repeat([]byte{0xff}, 8), false, new(int)); err == nil {
		t.Error("a message of 2⁶⁴ bytes is waited for")
	}
}

// FuzzFraming holds that messages in pieces are those in one piece.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("a\nb||c\r\n\x00\x01x"), uint8(2), uint8(0))
	framings := []Framing{{Delimiter, "\n", 0}, {Delimiter, "||", 0}, {Length, "", 1}, {Length, "", 4}, {Fixed, "", 3}, {Close, "", 0}}
	f.Fuzz(func(t *testing.T, src []byte, step, which uint8) {
		fr := framings[int(which)%len(framings)]
		run := func(step int) (out []byte) {
			scanned, from := 0, 0
			for have := 0; ; {
				n, content, err := fr.next(src[from:min(have, len(src))], have >= len(src), &scanned)
				if n < 0 || from+n > len(src) {
					t.Fatalf("%d bytes of %d", n, len(src)-from)
				}
				switch {
				case err != nil:
					return out
				case n > 0:
					from += n
					out = fr.append(out, content)
				case have >= len(src):
					return out
				default:
					have += step
				}
			}
		}
		if whole, parts := run(len(src)+1), run(int(step)+1); !bytes.Equal(whole, parts) || !bytes.HasPrefix(src, whole) {
			t.Fatalf("of %q: %q, in parts %q", src, whole, parts)
		}
	})
}
