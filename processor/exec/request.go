package exec

import "github.com/iagoloadgen/iago/load"

const (
	maxWeight = 1e6
	maxThink  = 24 * 60 * 60 * 1000 // ms
)

// requests reads an array of requests into d.answer.
func (d *decoder) requests() {
	if d.peek() != '[' {
		d.value()
		d.wrong("%s: expected an array", d.part)
		return
	}
	for d.begin('['); d.next(']'); {
		m := d.answer.add()
		if d.peek() != '{' {
			d.value()
			d.wrong("%s[%d]: expected an object", d.part, len(d.answer.made)-1)
			continue
		}
		d.request(m)
	}
}

// request reads one request.
func (d *decoder) request(m *made) {
	req := &m.req
	for d.begin('{'); d.next('}'); {
		switch key := d.key(); string(key) {
		case "method":
			req.Method = req.Keep(d.textOf("method"))
		case "uri":
			req.URI = req.Keep(d.textOf("uri"))
		case "uri_base64":
			req.URI = req.Keep(d.bytesOf("uri_base64"))
		case "headers":
			d.headers(req)
		case "body":
			req.Body = req.Keep(d.textOf("body"))
		case "body_base64":
			req.Body = req.Keep(d.bytesOf("body_base64"))
		case "label":
			req.Label = d.name(d.textOf("label"))
		case "weight":
			d.weight(req)
		case "key":
			req.Key = req.Keep(d.textOf("key"))
		case "key_base64":
			req.Key = req.Keep(d.bytesOf("key_base64"))
		case "client":
			req.Client = req.Keep(d.textOf("client"))
		case "tag":
			m.tag = append(m.tag[:0], d.value()...)
		case "think_ms":
			m.think = milliseconds(d.numberOf("think_ms", maxThink))
			if d.part != "followups" {
				d.wrong("%s: only follow-ups have one", d.where("think_ms"))
			}
		default:
			d.unknown(key, d.where(""), "method, uri, uri_base64, headers, body, body_base64, label, weight, key, key_base64, client, tag, think_ms")
		}
	}
}

func (d *decoder) weight(req *load.Request) {
	n := d.numberOf("weight", maxWeight)
	if req.Weight = int(n); float64(req.Weight) != n {
		d.wrong("%s: expected a whole number", d.where("weight"))
	}
}

// headers reads [["name","value"], …] or {"name":"value", …}.
func (d *decoder) headers(req *load.Request) {
	switch d.peek() {
	case '[':
		for d.begin('['); d.next(']'); {
			d.pair(req)
		}
	case '{':
		for d.begin('{'); d.next('}'); {
			name := req.Keep(d.key())
			req.Header = append(req.Header, load.Field{Name: name, Value: req.Keep(d.headerText())})
		}
	default:
		d.value()
		d.wrong(`%s: expected [["name","value"], …] or {"name":"value", …}`, d.where("headers"))
	}
}

// pair reads ["name","value"].
func (d *decoder) pair(req *load.Request) {
	n := 0
	var parts [2][]byte
	if d.peek() != '[' {
		d.value()
		d.wrong(`%s: expected pairs ["name","value"]`, d.where("headers"))
		return
	}
	for d.begin('['); d.next(']'); n++ {
		text := d.headerText()
		if n < 2 {
			parts[n] = req.Keep(text)
		}
	}
	if n != 2 {
		d.wrong(`%s: a pair of %d; expected ["name","value"]`, d.where("headers"), n)
		return
	}
	req.Header = append(req.Header, load.Field{Name: parts[0], Value: parts[1]})
}

// headerText reads a string, or bytes that are none as {"base64": "…"}.
func (d *decoder) headerText() (text []byte) {
	if d.peek() != '{' {
		return d.textOf("headers")
	}
	for d.begin('{'); d.next('}'); {
		if key := d.key(); string(key) == "base64" {
			text = d.bytesOf("headers")
		} else {
			d.unknown(key, d.where("headers: "), "base64")
		}
	}
	return text
}
