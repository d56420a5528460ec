package spec

import (
	"slices"
	"strings"
	"testing"
)

// Every message stands here in full: file, line, column, field, what is wrong, what was expected, what may have been meant.
func TestProblems(t *testing.T) {
	for _, test := range problems {
		t.Run(test.file, func(t *testing.T) {
			s, err := Parse("s.yaml", []byte(test.file))
			if err == nil {
				t.Fatalf("no error, spec %+v; want %s", s, test.want)
			}
			if !slices.EqualFunc(strings.Split(err.Error(), "\n"), strings.Split(test.want, "\n"), sameLine) {
				t.Errorf("got  %s\nwant %s", err, strings.ReplaceAll(test.want, "\n", "\n     "))
			}
		})
	}
}

// sameLine allows for words of other packages: they stand where want ends in "…".
func sameLine(got, want string) bool {
	start, cut := strings.CutSuffix(want, "…")
	return got == want || cut && strings.HasPrefix(got, start)
}

var problems = []struct{ file, want string }{
	// not a spec at all
	{``, "s.yaml: the file is empty; a spec needs at least a target, such as\ntarget: http://127.0.0.1:8080"},
	{"# nothing\n", "s.yaml: the file is empty; a spec needs at least a target, such as\ntarget: http://127.0.0.1:8080"},
	{"---\n", "s.yaml: the file is empty; a spec needs at least a target, such as\ntarget: http://127.0.0.1:8080"},
	{"target: http://h\n---\ntarget: http://i\n", `s.yaml:2:1: a second document begins here: a spec file has one`},
	{`just words`, "s.yaml:1:1: \"just words\": expected fields and their values; a spec needs at least a target, such as\ntarget: http://127.0.0.1:8080"},
	{"- a\n- b", "s.yaml:1:1: a list: expected fields and their values; a spec needs at least a target, such as\ntarget: http://127.0.0.1:8080"},
	{"target: 'http://h\nrate: 5", `s.yaml:2:8: not YAML: found unexpected end of stream, while scanning a quoted scalar that begins in line 1`},
	{"target: http://h\npool:\n\tidle: 5s", `s.yaml:3:1: not YAML: found character that cannot start any token, while scanning for the next token (indent with spaces, not with tabs)`},
	{"target: http://h\npool: {idle: 5s", `s.yaml:3:1: not YAML: did not find expected ',' or '}', while parsing a flow mapping that begins in line 2`},
	{`a: b: c`, `s.yaml:1:5: not YAML: mapping values are not allowed in this context`},
	{`pool: *none`, `s.yaml:1:7: not YAML: unknown anchor 'none' referenced`},
	{"target: \xff", `s.yaml:1:9: the byte 0xff is not UTF-8 text`},
	{"target: a\x01b", `s.yaml:1:10: the control character 0x01 has no place in a spec file`},

	// fields
	{"target: http://h\nconections: 5", `s.yaml:2:1: conections: unknown field (did you mean connections?)`},
	{"target: http://h\nqqq: 5", `s.yaml:2:1: qqq: unknown field; known here: abort_on, arrival, checks, connect_timeout, connections, content_limit, discovery_wait, duration, fake, filter, followup_limits, followups, http1, labels, late, name, out, overload, pipeline, pool, processor, profile, proxy, rate, records, request, requests, resolve, sample, seed, shards, slo, summary, target, targets, timeout, tls, wait, warmup`},
	{"target: http://h\nheaders: {a: b}", `s.yaml:2:1: headers: unknown field in this place (did you mean request.headers?)`},
	{"target: http://h\npool: {timeout: 5s}", `s.yaml:2:8: pool.timeout: unknown field in this place (did you mean timeout at the top?)`},
	{"target: http://h\npool: {Max-Idle: 5s}", `s.yaml:2:8: pool.Max-Idle: unknown field (did you mean max_idle?)`},
	{"target: http://h\nhttp2: {}", `s.yaml:2:1: http2: unknown field (did you mean http1?)`},
	{"target: http://h\nhttp1: {headerlimit: 5}", `s.yaml:2:9: http1.headerlimit: unknown field (did you mean header_limit?)`},
	{`taget: http://h`, `s.yaml:1:1: taget: unknown field (did you mean target?)`},
	{"target: http://h\nrate: 5\nrate: 6", `s.yaml:3:1: rate: given twice; the first is in line 2`},
	{"target: http://h\n? [a]\n: 5", `s.yaml:2:3: expected a name before the colon, found a list`},

	// types
	{`target: [http://h]`, `s.yaml:1:9: target: a list: expected text`},
	{`targets: http://h`, `s.yaml:1:10: targets: "http://h": expected a list, - before each item or in []`},
	{"target: http://h\npool: 5", `s.yaml:2:7: pool: "5": expected fields, one a line or in {}`},
	{"target: http://h\nslo: {a: b}", `s.yaml:2:6: slo: a mapping: expected a list, - before each item or in []`},
	{"target: http://h\nconnections: many", `s.yaml:2:14: connections: "many": expected a whole number`},
	{"target: http://h\nconnections: 1e3", `s.yaml:2:14: connections: "1e3": expected a whole number (did you mean 1000?)`},
	{"target: http://h\nconnections: 2.5", `s.yaml:2:14: connections: "2.5": expected a whole number`},
	{"target: http://h\nconnections: 0x10", `s.yaml:2:14: connections: "0x10": expected a whole number (did you mean 16?)`},
	{"target: http://h\nconnections: 10k", `s.yaml:2:14: connections: "10k": expected a whole number (did you mean 10000?)`},
	{"target: fake://h:1\nfake: {small: 300}", `s.yaml:2:15: fake.small: "300": expected a whole number that is not negative, of at most 8 bits`},
	{"target: fake://h:1\nfake: {ping: 5, share: x, own: other, weights: {a: b}, free: &a {b: *a}, depth: x, Hidden: y}", "s.yaml:2:14: fake.ping: \"5\": expected a duration such as 60s or 500ms (did you mean 5s?)\ns.yaml:2:24: fake.share: \"x\": expected a number\ns.yaml:2:32: fake.own: expected own\ns.yaml:2:52: fake.weights.a: \"b\": expected a whole number\ns.yaml:2:69: fake.free: anchor 'a' value contains itself\ns.yaml:2:81: fake.depth: \"x\": expected a whole number\ns.yaml:2:84: fake.Hidden: unknown field; known here: count, depth, free, max_limit, own, password, ping, share, small, weights"},
	{"target: fake://h:1\nfake: {share: 2, count: 10}", "s.yaml:2:7: fake: too much of everything\ns.yaml:2:15: fake.share: expected at most 1"},
	{"target: fake://h:1\nfake: 5", `s.yaml:2:7: fake: "5": expected fields, one a line or in {}`},
	{"target: http://h\nseed: -1", `s.yaml:2:7: seed: "-1": expected a whole number that is not negative (did you mean -1?)`},
	{"target: http://h\nseed: 99999999999999999999", `s.yaml:2:7: seed: "99999999999999999999": expected a whole number that is not negative, of at most 64 bits`},
	{"target: http://h\npool: {reuse: yes}", `s.yaml:2:15: pool.reuse: "yes": expected true or false (did you mean true?)`},
	{"target: http://h\npool: {reuse: 2}", `s.yaml:2:15: pool.reuse: "2": expected true or false`},
	{"target: http://h\nout: [a]", `s.yaml:2:6: out: a list: expected text`},
	{"target: http://h\nout:", `s.yaml:2:5: out: nothing: expected text`},
	{"target: http://h\nname: !!binary aGk=", `s.yaml:2:7: name: !!binary: expected a plain value: tags have no use here`},
	{"target: http://h\nname: !mine x", `s.yaml:2:7: name: !mine: expected a plain value: tags have no use here`},

	// units
	{"target: http://h\nduration: 30", `s.yaml:2:11: duration: "30": expected a duration such as 60s or 500ms (did you mean 30s?)`},
	{"target: http://h\nduration: 30 sec", `s.yaml:2:11: duration: "30 sec": expected a duration such as 60s or 500ms (did you mean 30s?)`},
	{"target: http://h\nduration: soon", `s.yaml:2:11: duration: "soon": expected a duration such as 60s or 500ms`},
	{"target: http://h\nduration: -5s", `s.yaml:2:11: duration: "-5s": expected a duration that is not negative`},
	{"target: http://h\nduration: 0", `s.yaml:2:11: duration: 0: expected a duration above 0, such as 30s`},
	{"target: http://h\nduration: {a: b}", `s.yaml:2:11: duration: a mapping: expected a single value`},
	{"target: http://h\nrate: fast", `s.yaml:2:7: rate: "fast": expected a number and a unit, for example 1000/s, 60000/m, 1.5k/s or 3.6M/h`},
	{"target: http://h\nrate: 0", `s.yaml:2:7: rate: "0": expected a rate above 0, such as 1000/s, or max`},
	{"target: http://h\nrate: -5/s", `s.yaml:2:7: rate: "-5/s": expected 0 or a rate between 1e-09/s and 1e+12/s`},
	{"target: http://h\nrate: 5/week", `s.yaml:2:7: rate: "5/week": unknown unit "/week"; expected /s, /m or /h, for example 1000/s`},
	{"target: http://h\nrecords: {file: testdata/access.log, max_line: 1mb}", `s.yaml:2:48: records.max_line: "1mb": expected a size such as 64KiB or 1MB (did you mean 1MB?)`},
	{"target: http://h\nrecords: {file: testdata/access.log, max_line: 1XB}", `s.yaml:2:48: records.max_line: "1XB": expected a size such as 64KiB or 1MB`},
	{"target: http://h\nrecords: {file: testdata/access.log, max_line: 0}", `s.yaml:2:48: records.max_line: 0: expected a size between 1B and 1GiB`},

	// arrivals
	{"target: http://h\narrival: poison", `s.yaml:2:10: arrival: unknown process "poison"…`},
	{"target: http://h\narrival: gamma:shape", `s.yaml:2:10: arrival: gamma: "shape": …`},
	{"target: http://h\narrival: gamma:shape=x", `s.yaml:2:10: arrival.gamma.shape: "x": expected a number…`},
	{"target: http://h\narrival: {gamma: {shape: -1}}", `s.yaml:2:10: arrival: gamma: shape -1: …`},
	{"target: http://h\narrival: {gamma: {}, uniform: {}}", `s.yaml:2:10: arrival: expected one name with its parameters, such as {gamma: {shape: 0.5}}`},
	{"target: http://h\narrival: {gamma: 5}", `s.yaml:2:18: arrival.gamma: "5": expected parameters, one a line or in {}`},
	{"target: http://h\narrival: [gamma]", `s.yaml:2:10: arrival: a list: expected a single value`},
	{"target: http://h\nrate: 5\narrival: sinusoidal:min=1,max=2,period=10s", `s.yaml:2:7: rate: 5/s: expected no rate beside arrival (line 3): sinusoidal has rates of its own`},
	{"target: http://h\nprofile: ['constant:rate=5']\narrival: sinusoidal:min=1,max=2,period=10s", `s.yaml:2:10: profile: expected no profile beside arrival (line 3): sinusoidal has rates of its own`},
	{"target: http://h\nrate: 5\nprofile: ['constant:rate=5']", `s.yaml:2:7: rate: 5/s: expected no rate beside profile (line 3)`},
	{"target: http://h\nprofile: ['constant:rate=5', 'constant:rate=6']", `s.yaml:2:10: profile: piece 1 (5/s) does not end…`},
	{"target: http://h\nprofile: [{step: {}}]", `s.yaml:2:11: profile[0]: unknown profile "step"…`},
	{"target: http://h\nprofile: [{ramp: {from: 5, to: 6, for: 0s}}]", `s.yaml:2:11: profile[0]: ramp: length 0s: …`},
	{"target: http://h\nrate: max", `s.yaml:2:7: rate: max: the closed mode needs connections, the number of requests to keep going at once`},
	{"target: http://h\nrate: max\nconnections: 5\narrival: poisson", `s.yaml:4:10: arrival: poisson: expected no arrival process beside rate (line 2): the closed mode sends when an answer has come`},

	// lengths
	{"target: http://h\nwarmup: 10s", `s.yaml:2:9: warmup: 10s: expected less than duration, which is 10s`},
	{"target: http://h\nduration: 5s\nwarmup: 1m", `s.yaml:3:9: warmup: 1m: expected less than duration (line 2), which is 5s`},
	{"target: http://h\nrequests: -1", `s.yaml:2:11: requests: -1: expected 0 or more`},
	{"target: http://h\ntimeout: 0", `s.yaml:2:10: timeout: 0: expected a duration above 0, such as 30s`},
	{"target: http://h\ntimeout: 5s\nconnect_timeout: 6s", `s.yaml:3:18: connect_timeout: 6s: expected at most timeout (line 2), which is 5s and includes connecting`},

	// targets and their protocol
	{`rate: 5`, `s.yaml: target: missing: expected a URL such as http://127.0.0.1:8080`},
	{"target: http://h\ntargets: [http://i]", `s.yaml:2:10: targets: expected no targets beside target (line 1); put all URLs in targets`},
	{`targets: []`, `s.yaml:1:10: targets: the list is empty: expected at least one URL such as http://127.0.0.1:8080`},
	{`targets: [http://h, fake://i:1]`, `s.yaml:1:21: targets[1]: "fake://i:1": speaks fake, but the targets before it http1: a run has one protocol`},
	{`target: fake://h`, `s.yaml:1:9: target: "fake://h": expected a port between 1 and 65535, such as h:8080`},
	{"target: fake://h:1\nhttp1: {keep_alive: true}", `s.yaml:2:8: http1: no target speaks http1; expected options of fake`},
	{"target: http://h\nhttp1: {header_limit: 5}", `s.yaml:2:23: http1.header_limit: 5 is too small for any answer; want at least 64 bytes`},
	{"target: http://h\nhttp1: {header_limit: -5}", `s.yaml:2:23: http1.header_limit: "-5": expected a size such as 64KiB or 1MB`},

	// records and requests
	{"target: http://h\nrecords: {format: uri}", `s.yaml:2:19: records.format: has no use without records; expected their file in records.file`},
	{"target: http://h\nrecords: nowhere.log", `s.yaml:2:10: records.file: "nowhere.log": there is no such file`},
	{"target: http://h\nrecords: testdata", `s.yaml:2:10: records.file: "testdata": expected a file; this is a folder`},
	{"target: http://h\nrecords: {file: testdata/access.log, format: combinde, skip: -1, limit: -2}", "s.yaml:2:46: records.format: \"combinde\": expected combined, common, uri, jsonl, csv, tsv or lines (did you mean combined?)\ns.yaml:2:62: records.skip: -1: expected 0 or more\ns.yaml:2:73: records.limit: -2: expected 0 or more"},
	{"target: http://h\nrecords: {file: '-', loop: true}", `s.yaml:2:28: records.loop: true: standard input cannot be read twice; expected loop: false`},
	{"target: http://h\nrecords: 5\nrequests: -1", "s.yaml:2:10: records.file: \"5\": there is no such file\ns.yaml:3:11: requests: -1: expected 0 or more"},
	{"target: http://h\nrequest: {method: G T, uri: 'a b', prefix: v2, host: a b, user_agent: \"a\\nb\"}", "s.yaml:2:19: request.method: \"G T\": expected a method such as GET…\ns.yaml:2:29: request.uri: \"a b\": …\ns.yaml:2:44: request.prefix: \"v2\": …\ns.yaml:2:54: request.host: \"a b\": …\ns.yaml:2:71: request.user_agent: \"a\\nb\": …"},
	{"target: http://h\nrequest: {body: x, body_file: testdata/access.log}", `s.yaml:2:31: request.body_file: expected no file beside request.body (line 2)`},
	{"target: http://h\nrequest: {headers: {'A B': c, C: \"x\\ny\", D: [], E: {f: g}, F: }}", "s.yaml:2:21: request.headers.A B: \"A B\": …\ns.yaml:2:31: request.headers.C: C: \"x\\ny\": …\ns.yaml:2:45: request.headers.D: expected at least one value\ns.yaml:2:52: request.headers.E: a mapping: expected text\ns.yaml:2:63: request.headers.F: nothing: expected text"},
	{"target: http://h\nrequest: {headers: [a]}", `s.yaml:2:20: request.headers: a list: expected headers such as Accept: text/html, one a line or in {}`},

	// connections
	{"target: http://h\nconnections: -1\nshards: -1\npool: {keep: -1, per_target: -1}", "s.yaml:2:14: connections: -1: expected 0 or more\ns.yaml:3:9: shards: -1: expected a number between 1 and 1024, or 0 to have it chosen\ns.yaml:4:14: pool.keep: -1: expected 0 or more\ns.yaml:4:30: pool.per_target: -1: expected 0 or more"},
	{"target: http://h\nconnections: 2\nshards: 3\npool: {keep: 3, per_target: 2}", "s.yaml:3:9: shards: 3: expected at most connections (line 2), which is 2: each shard needs a connection\ns.yaml:4:14: pool.keep: 3: expected at most pool.per_target (line 4), which is 2"},
	{"target: http://h\ntls: {insecure: true}", `s.yaml:2:6: tls: no target is reached by TLS; expected a URL such as https://… beside it`},
	{"target: https://h\ntls: {cert: testdata/access.log}", `s.yaml:2:13: tls.cert: expected its private key beside it: tls.key`},
	{"target: https://h\ntls: {key: testdata/access.log}", `s.yaml:2:12: tls.key: expected the certificate beside it: tls.cert`},
	{"target: https://h\ntls: {cert: testdata/access.log, key: testdata/access.log, ca: testdata/access.log}", "s.yaml:2:13: tls.cert: \"testdata/access.log\" and \"testdata/access.log\" are no certificate and its key: failed to find any PEM data in certificate input\ns.yaml:2:64: tls.ca: \"testdata/access.log\": expected at least one certificate in PEM form"},
	{"target: https://h\ntls: {ca: none.pem}", `s.yaml:2:11: tls.ca: "none.pem": there is no such file`},
	{"target: http://h\noverload: {policy: drip}", `s.yaml:2:20: overload.policy: "drip": expected queue or drop (did you mean drop?)`},
	{"target: http://h\noverload: {policy: drop}", `s.yaml:2:11: overload: drop: expected a limit of at least 1 beside it, the number of requests that may wait`},
	{"target: http://h\noverload: {limit: 5}", `s.yaml:2:19: overload.limit: 5: a queue has no limit; expected policy: drop, which drops what is beyond it`},
	{"target: http://h\noverload: {limit: -5}", `s.yaml:2:19: overload.limit: -5: expected 0 or more`},

	// the rest
	{"target: http://h\nslo: ['p99<50ms', 'p99<50']", `s.yaml:2:19: slo[1]: "p99<50": limit "50": …`},
	{"target: http://h\nabort_on: ['p99{/cart}<50ms']", `s.yaml:2:12: abort_on[0]: "p99{/cart}<50ms": …`},
	{"target: http://h\nabort_on: [many]", `s.yaml:2:12: abort_on[0]: "many": …`},
	{"target: http://h\nlate: skip", `s.yaml:2:7: late: "skip": expected send, or skip with a limit such as skip=50ms`},
	{"target: http://h\nlate: skip=0", `s.yaml:2:7: late: "skip=0": expected a limit above 0, such as skip=50ms`},
	{"target: http://h\nlate: skip=5", `s.yaml:2:7: late: "5": expected a duration such as 60s or 500ms (did you mean 5s?)`},
	{"target: http://h\nlate: {skip: 0}", `s.yaml:2:7: late: expected a limit above 0, such as {skip: 50ms}`},
	{"target: http://h\nwait: slepp", `s.yaml:2:7: wait: "slepp": expected auto, sleep or spin (did you mean sleep?)`},
	{"target: http://h\nlabels: {segments: -1, max: 0, rules: [{match: '(', name: x}, {}]}", "s.yaml:2:20: labels.segments: -1 …\ns.yaml:2:29: labels.max: 0: …\ns.yaml:2:48: labels.rules[0].match: \"(\": …\ns.yaml:2:63: labels.rules[1].match: missing: expected a regular expression such as ^/item/\\d+\ns.yaml:2:63: labels.rules[1].name: …"},
	{"target: http://h\nname: my shop", `s.yaml:2:7: name: "my shop": expected 1 to 100 letters, digits, hyphens and underscores (did you mean my-shop?)`},
	{"target: http://h\nname: '...'", `s.yaml:2:7: name: "...": expected 1 to 100 letters, digits, hyphens and underscores`},

	// anchors and merge keys
	{"x: &x {<<: *x}\ntarget: http://h", `s.yaml:1:1: x: unknown field; known here: abort_on, arrival, checks, connect_timeout, connections, content_limit, discovery_wait, duration, fake, filter, followup_limits, followups, http1, labels, late, name, out, overload, pipeline, pool, processor, profile, proxy, rate, records, request, requests, resolve, sample, seed, shards, slo, summary, target, targets, timeout, tls, wait, warmup`},
	{"x-a: &a [1]\ntarget: http://h\npool: {<<: *a}", `s.yaml:1:10: pool.<<: "1": expected an alias of a mapping, such as *common`},
	{"x-a: &a {idle: 5}\ntarget: http://h\npool: *a\nlabels: {<<: *a}", "s.yaml:1:10: labels.idle: unknown field in this place (did you mean pool.idle?)\ns.yaml:1:16: pool.idle: \"5\": expected a duration such as 60s or 500ms (did you mean 5s?)"},
	{"target: http://h\npool: {<<: {keep: 2}, <<: 5}", `s.yaml:2:27: pool.<<: "5": expected an alias of a mapping, such as *common`},
}
