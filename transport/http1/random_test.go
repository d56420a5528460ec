package http1

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// answerGrammar draws answers: most of them right, some odd, some wrong.
type answerGrammar struct {
	*rand.Rand
	b strings.Builder
}

// often tells true in n of 100 cases.
func (g *answerGrammar) often(n int) bool { return g.IntN(100) < n }

// pick draws one of the usual words; in some cases an odd one instead.
func (g *answerGrammar) pick(usual, odd []string) string {
	if g.often(4) {
		return odd[g.IntN(len(odd))]
	}
	return usual[g.IntN(len(usual))]
}

// end ends a line.
func (g *answerGrammar) end() {
	g.b.WriteString(g.pick([]string{"\r\n"}, []string{"\n", "\r\r\n", "\r", "\n\r\n", "\r\n \r\n", "\r\n\tx\r\n"}))
}

// randomAnswer draws a method and an answer to it, sometimes cut off, followed by more, or damaged.
func randomAnswer(r *rand.Rand) (method string, answer []byte) {
	g := &answerGrammar{Rand: r}
	method = "GET"
	if g.often(20) {
		method = []string{"HEAD", "CONNECT", "POST"}[g.IntN(3)]
	}
	for g.often(10) {
		g.status([]string{"100 Continue", "103 Early Hints", "102 Processing"})
		g.headers(g.IntN(2))
		g.end()
	}
	g.status([]string{"200 OK", "404 Not Found", "500 Internal Server Error", "204 No Content", "304 Not Modified", "206", "302 "})
	g.headers(g.IntN(3))
	content := g.framing()
	g.headers(g.IntN(3))
	g.end()
	g.b.WriteString(content)
	if g.often(10) {
		g.b.WriteString("HTTP/1.1 200 OK\r\n\r\n")
	}
	answer = []byte(g.b.String())
	if g.often(10) {
		answer = answer[:g.IntN(len(answer)+1)]
	}
	if g.often(25) {
		answer = g.damage(answer)
	}
	return method, answer
}

func (g *answerGrammar) status(codes []string) {
	g.b.WriteString(g.pick([]string{"HTTP/1.1 ", "HTTP/1.1 ", "HTTP/1.1 ", "HTTP/1.0 "}, []string{"HTTP/1.2 ", "HTTP/2.0 ", "HTTP/0.9 ", "http/1.1 ", "HTTP/1.1", "HTTP/1.1  ", "HTTP/1.10 "}))
	g.b.WriteString(g.pick(codes, []string{"101 x", "099 x", "+20 x", "20", "2000", "999 x", "x", "", "200 a\x00b", "200 \xff\t\x7f", "-00"}))
	g.end()
}

// headers writes n headers that have nothing to do with framing, or are odd.
func (g *answerGrammar) headers(n int) {
	for range n {
		g.b.WriteString(g.pick(
			[]string{
				"Server: nginx", "Date: Sat, 22 Nov 2025 20:16:42 GMT", "ETag: \"x\"", "X:", "x-long: " + strings.Repeat("y", 50), "Connection: keep-alive",
				"Connection: close", "connection: Keep-Alive, x", "CONNECTION: x,close", "Connection: x,\r\n close", "Trailer: X", "X: a\r\n b",
			},
			[]string{
				"X : y", ": y", "X", "X\x00: y", "X: \x00", "X: a\tb\xff", "Trailer: Content-Length", "Content-Length : 5", "\xe9: x", " X: y", "Connection : close",
				"Connection: \"close\"", "X: " + strings.Repeat("z", 5000), "Content-Length: 3", "Transfer-Encoding: chunked",
			}))
		g.end()
	}
}

// framing writes the headers that tell where the content ends, and returns the content.
func (g *answerGrammar) framing() string {
	data := strings.Repeat("0123456789abcdef\r\n", 5)[:g.IntN(60)]
	switch n := g.IntN(10); {
	case n < 5:
		length := fmt.Sprint(len(data))
		g.b.WriteString("Content-Length: " + g.pick([]string{length}, []string{
			"0" + length, length + ", " + length, length + ",", "-1", "+" + length, "", "5x", "9223372036854775808", "1e1", "\t" + length + " ",
			length + "\r\nContent-Length: " + length, length + "\r\nContent-Length: 0" + length, length + "\r\nContent-Length: 9", "\r\n " + length, length + "\r\n 1",
		}))
		g.end()
		return data
	case n < 9:
		g.b.WriteString("Transfer-Encoding: " + g.pick([]string{"chunked", "Chunked"}, []string{
			"gzip", "gzip, chunked", "chunked, gzip", "identity", "chunked;a=b", "", "chunked,", "chunked\r\nTransfer-Encoding: chunked", "\r\n chunked",
			"chunked\r\nContent-Length: 3", "chunked\r\nContent-Length: x", "x\r\n chunked",
		}))
		g.end()
		return g.chunks(data)
	}
	return data
}

// chunks encodes data in chunks of random size.
func (g *answerGrammar) chunks(data string) string {
	var b strings.Builder
	for len(data) > 0 {
		n := 1 + g.IntN(min(len(data), 25))
		fmt.Fprintf(&b, g.pick([]string{"%x", "%X", "%03x"}, []string{"%x ", "-%x", "0x%x", "%017x", "%016x", "%xg", " %x", "%.0d", "8000000000000000%.0d", "ffffffffffffffff%x"}), n)
		b.WriteString(g.extension())
		b.WriteString(g.pick([]string{"\r\n"}, []string{"\n", "\r", "\r\r\n"}))
		b.WriteString(data[:n])
		b.WriteString(g.pick([]string{"\r\n"}, []string{"\n", "", "\r", "x"}))
		data = data[n:]
	}
	b.WriteString("0" + g.extension() + "\r\n")
	if g.often(20) {
		b.WriteString(g.pick([]string{"X: y", "A: b\r\nC: d", "Content-Length: 7"}, []string{"X : y", " X: y", "X", "X: \x00"}))
		b.WriteString(g.pick([]string{"\r\n"}, []string{"\n", "\n\n"}))
	}
	b.WriteString(g.pick([]string{"\r\n"}, []string{"\n", "", "\r"}))
	return b.String()
}

func (g *answerGrammar) extension() string {
	return g.pick([]string{"", "", "", ";a", ";a=\"b c\""}, []string{" ;a", "; a = b ", ";a\x00", ";" + strings.Repeat("x", 4000), ";" + strings.Repeat("x", 5000), " x", ";\t"})
}

// damage changes, removes, doubles or inserts a few bytes.
func (g *answerGrammar) damage(b []byte) []byte {
	const bytes = "\r\n\r\n\x00 \t:;,0159aAfx-\xff\x7f"
	for range 1 + g.IntN(3) {
		at, c := g.IntN(len(b)+1), bytes[g.IntN(len(bytes))]
		to := min(at+1+g.IntN(3), len(b))
		switch g.IntN(4) {
		case 0:
			b = slices.Insert(b, at, c)
		case 1:
			b = slices.Delete(b, at, to)
		case 2:
			b = slices.Insert(b, at, b[at:to]...)
		default:
			if at < len(b) {
				b[at] = c
			}
		}
	}
	return b
}

// randomCuts draws a few offsets in n bytes, ascending.
func randomCuts(r *rand.Rand, n int) []int {
	cuts := make([]int, 1+r.IntN(8))
	for i := range cuts {
		cuts[i] = r.IntN(n + 1)
	}
	slices.Sort(cuts)
	return cuts
}
