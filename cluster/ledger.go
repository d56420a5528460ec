package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/iagoloadgen/iago/measure"
	"github.com/iagoloadgen/iago/report"
)

// ledger takes in the workers' results as they come, in whatever order, shows the seconds to those who watch, and adds everything
// up at the end. The seconds' figures lie in a file until then, so that memory does not grow with the job: a worker that was cut off
// delivers its own late.
type ledger struct {
	mu      sync.Mutex
	file    *os.File
	size    int64
	read    uint64 // position in the log
	seconds map[int][]chunk
	labels  labelNames
	workers map[string]*account
	sample  *measure.Sample

	watch   *report.Collector         // of those who watch; its figures are not the final ones
	pending map[int]*measure.Interval // seconds that not all have handed in
	next    int
	scratch *measure.Interval
	show    func(report.Second, *measure.Interval)
}

// chunk is where a second of one worker lies in the file.
type chunk struct {
	at     int64
	length int
	steal  float64
}

// account is what one worker has handed in.
type account struct {
	id       string
	total    *measure.Interval
	arrivals int64
	stints   []Holding
	through  int64
	latest   int
	steal    float64
	last     *lastWord
}

func newAccount(id string) *account {
	return &account{id: id, total: measure.NewInterval(), latest: -1}
}

// labelNames gives labels numbers.
type labelNames struct {
	list    []string
	numbers map[string]int
}

// labelsMost bounds what workers may make up.
const labelsMost = 20_000

func (l *labelNames) number(name []byte) int {
	if n, ok := l.numbers[string(name)]; ok {
		return n
	}
	if len(l.list) == labelsMost {
		return -1
	}
	n := len(l.list)
	l.list = append(l.list, string(name))
	l.numbers[string(name)] = n
	return n
}

// newLedger makes a ledger whose file has no name, so that nothing is left behind.
func newLedger(seed uint64, rec report.Recording, show func(report.Second, *measure.Interval)) (*ledger, error) {
	f, err := os.CreateTemp("", "iago-results-")
	if err != nil {
		return nil, fmt.Errorf("cluster: results: %w", err)
	}
	_ = os.Remove(f.Name()) // where an open file cannot be removed, close does
	return &ledger{
		file: f, seconds: map[int][]chunk{}, labels: labelNames{numbers: map[string]int{}}, workers: map[string]*account{},
		sample: measure.NewSample(seed), watch: report.NewCollector(rec), pending: map[int]*measure.Interval{},
		scratch: measure.NewInterval(), show: show,
	}, nil
}

// reached notes how far the log has been read.
func (l *ledger) reached(seq uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read = seq
}

func (l *ledger) position() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.read
}

func (l *ledger) close() {
	_ = l.file.Close()
	_ = os.Remove(l.file.Name())
}

// add takes in an entry of the log.
func (l *ledger) add(entry []byte) error {
	h, body, err := readEntry(entry)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.workers[h.Worker]
	if a == nil {
		a = newAccount(h.Worker)
		l.workers[h.Worker] = a
	}
	a.arrivals, a.stints, a.through, a.steal = h.Arrivals, h.Stints, h.Through, max(a.steal, h.Steal)
	if h.Last != nil {
		a.last = h.Last
		s := measure.NewSample(0)
		if err := json.Unmarshal(body, s); err != nil {
			return fmt.Errorf("cluster: worker %s: failures: %w", h.Worker, err)
		}
		l.sample.Merge(s)
		return nil
	}
	if err := readSecond(l.scratch, body, l.labels.number); err != nil {
		return err
	}
	n, err := l.file.WriteAt(body, l.size)
	if err != nil {
		return fmt.Errorf("cluster: results: %w", err)
	}
	l.seconds[h.Index] = append(l.seconds[h.Index], chunk{l.size, n, h.Steal})
	l.size += int64(n)
	a.total.Merge(l.scratch, false)
	a.latest = max(a.latest, h.Index)
	l.await(h.Index)
	return nil
}

// await keeps a second for those who watch until all have handed it in.
func (l *ledger) await(index int) {
	if index < l.next {
		return // shown already, without this one's
	}
	p := l.pending[index]
	if p == nil {
		p = measure.NewInterval()
		l.pending[index] = p
	}
	p.Merge(l.scratch, true)
}

// tell shows the seconds that are complete: every worker that is alive has handed them in, or they are long over.
func (l *ledger) tell(alive []string, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	upTo := int(now/int64(time.Second)) - 4
	least := int(now / int64(time.Second))
	for _, id := range alive {
		if a := l.workers[id]; a != nil {
			least = min(least, a.latest)
		} else {
			least = -1
		}
	}
	upTo = max(upTo, least)
	for _, index := range slices.Sorted(maps.Keys(l.pending)) {
		if index > upTo {
			break
		}
		iv := l.pending[index]
		delete(l.pending, index)
		l.next = index + 1
		s := l.watch.Add(iv, 0)
		if l.show != nil {
			w, _ := l.watch.Window()
			l.show(s, w)
		}
	}
}

// aborts says why the job is to be broken off by one of the rules; "".
func (l *ledger) aborts(rules []report.Condition) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return report.AbortReason(rules, l.watch)
}

// second adds up a second of all workers into iv; how much the worst hypervisor took of it.
func (l *ledger) second(iv *measure.Interval, index int) (steal float64, err error) {
	for _, c := range l.seconds[index] {
		body := make([]byte, c.length)
		if _, err := l.file.ReadAt(body, c.at); err != nil {
			return 0, fmt.Errorf("cluster: results: %w", err)
		}
		if err := readSecond(l.scratch, body, l.labels.number); err != nil {
			return 0, err
		}
		iv.Merge(l.scratch, true)
		steal = max(steal, c.steal)
	}
	return steal, nil
}
