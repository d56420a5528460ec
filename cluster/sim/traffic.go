package sim

import (
	"slices"
	"strings"
	"sync"

	"github.com/iagoloadgen/iago/cluster/bus"
)

// Count is messages and their bytes.
type Count struct{ Messages, Bytes int64 }

// Kinds that are told apart.
const (
	kindResults = "↑ results"
	kindPull    = "pulls of readers"
	kindIdle    = "signs of life of streams, to readers"
)

// kinds counts messages by kind.
type kinds struct {
	mu     sync.Mutex
	counts map[string]*Count
}

func (k *kinds) note(p bus.Passing) {
	kind := kindOf(p)
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.counts[kind]
	if c == nil {
		c = new(Count)
		k.counts[kind] = c
	}
	c.Messages++
	c.Bytes += int64(p.Size)
}

// kindOf says what a message is, as the report has it: ↑ from workers, ↓ to workers, ↑↓ the bus's own ways.
func kindOf(p bus.Passing) string {
	stored := strings.HasPrefix(p.Reply, "$JS.ACK.") // it comes out of a stream
	_, key, isKey := strings.Cut(p.Subject, "$KV.iago_"+jobName+".")
	first, _, _ := strings.Cut(key, ".")
	switch {
	case isKey && stored:
		return map[string]string{"lease": "leases, read by the coordinator", "share": "↓ shares, read", "plan": "↓ plan, read"}[first] + other(first, "lease", "share", "plan")
	case isKey:
		return map[string]string{"lease": "↑ leases, renewed", "share": "shares, written", "plan": "plan, written"}[first] + other(first, "lease", "share", "plan")
	}
	rest, ours := strings.CutPrefix(p.Subject, "iago."+jobName+".")
	first, _, _ = strings.Cut(rest, ".")
	switch {
	case ours && first == "results" && stored:
		return "results, read by the coordinator"
	case ours && first == "results":
		return kindResults
	case ours && first == "beat":
		return "↑ signs of life"
	case ours && first == "time":
		return "↑ time probes"
	case ours && first != "inbox":
		return "control"
	case strings.HasPrefix(p.Subject, "$JS.API.CONSUMER.MSG.NEXT"):
		return kindPull
	case strings.HasPrefix(p.Subject, "$JS."):
		return "questions to streams"
	case p.Status != "":
		return kindIdle
	}
	return "answers of streams"
}

// other names a key that is none of the known ones.
func other(first string, known ...string) string {
	if slices.Contains(known, first) {
		return ""
	}
	return "other keys"
}
