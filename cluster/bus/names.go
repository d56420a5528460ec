package bus

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	jobName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	keyName = regexp.MustCompile(`^[-_=/A-Za-z0-9]+(\.[-_=/A-Za-z0-9]+)*$`)
)

// ValidJob says whether a job may have this name: it becomes part of subjects and of stream names.
func ValidJob(job string) error {
	if !jobName.MatchString(job) {
		return fmt.Errorf("bus: job %q: a name is made of letters, digits, - and _ (64 at most) and begins with a letter or digit", job)
	}
	return nil
}

// validKey refuses keys that the store would misunderstand.
func validKey(key string) error {
	if !keyName.MatchString(key) {
		return fmt.Errorf("bus: key %q: expected words of letters, digits, - _ = / joined by dots", key)
	}
	return nil
}

// names are what a job's things are called on the bus.
type names struct{ job string }

func (n names) bucket() string               { return "iago_" + n.job }
func (n names) state() string                { return "KV_iago_" + n.job }
func (n names) records() string              { return "iago_" + n.job + "_records" }
func (n names) results() string              { return "iago_" + n.job + "_results" }
func (n names) chunks() string               { return "iago_" + n.job + "_chunks" }
func (n names) streams() []string            { return []string{n.records(), n.results(), n.chunks(), n.state()} }
func (n names) subject(suffix string) string { return "iago." + n.job + "." + suffix }
func (n names) key(key string) string        { return "$KV." + n.bucket() + "." + key }
func (n names) inbox() string                { return n.subject("inbox") }

// chunk is the subject of one chunk of a payload; -1: of all of them.
func (n names) chunk(kind, id string, i int) string {
	s := n.subject("chunks." + kind + "." + base64.RawURLEncoding.EncodeToString([]byte(id)))
	if i < 0 {
		return s + ".>"
	}
	return fmt.Sprintf("%s.%d", s, i)
}

// workers is the durable consumer that all workers of a job share.
const workers = "workers"

// reserved are the first words of subjects that plain messages may not have.
var reserved = []string{"records", "results", "chunks", "inbox"}

// plain checks the subject of a plain message below its job.
func plain(suffix string, wildcards bool) error {
	words := strings.Split(suffix, ".")
	if slices.Contains(reserved, words[0]) {
		return fmt.Errorf("bus: subject %q: %v are the bus's own; choose another first word", suffix, reserved)
	}
	for i, w := range words {
		wild := w == "*" || w == ">" && i == len(words)-1
		if w == "" || strings.ContainsAny(w, " \t\r\n\x00") || wild && (!wildcards || i == 0) || !wild && strings.ContainsAny(w, "*>") {
			return fmt.Errorf("bus: subject %q: expected words joined by dots, without spaces or wildcards", suffix)
		}
	}
	return nil
}

// validID refuses identifiers that do not fit into a header or a subject.
func validID(id string) error {
	if id == "" || len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("bus: id %q: expected 1 to 128 bytes without spaces", id)
	}
	return nil
}
