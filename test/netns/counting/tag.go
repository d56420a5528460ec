package counting

import "bytes"

// HeaderTag finds the sender of an HTTP request in a header field; empty where there is none.
func HeaderTag(name string) func(head []byte) []byte {
	return func(head []byte) []byte {
		_, rest, _ := bytes.Cut(head, []byte("\r\n"))
		for len(rest) > 0 {
			var line []byte
			line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
			if field, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(field, []byte(name)) {
				return bytes.TrimSpace(value)
			}
		}
		return nil
	}
}

// QueryTag finds the sender of an HTTP request in the query of its URI (?name=value), as it is written there; empty where there is none.
func QueryTag(name string) func(head []byte) []byte {
	return func(head []byte) []byte {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		_, uri, _ := bytes.Cut(line, []byte(" "))
		uri, _, _ = bytes.Cut(uri, []byte(" "))
		_, query, _ := bytes.Cut(uri, []byte("?"))
		for len(query) > 0 {
			var pair []byte
			pair, query, _ = bytes.Cut(query, []byte("&"))
			if key, value, ok := bytes.Cut(pair, []byte("=")); ok && string(key) == name {
				return value
			}
		}
		return nil
	}
}

// WholeTag takes a whole datagram for its sender's name.
func WholeTag(datagram []byte) []byte { return datagram }
