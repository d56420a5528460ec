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
// up at the end. The seconds' figures lie in a file until then, so that memory does not grow with the job: each second once, added
// up as soon as all have handed it in, and again for every worker that delivers it later, because it was cut off.
type ledger struct {
	mu      sync.Mutex
	file    *os.File
	size    int64
	seconds map[int][]chunk
	place   place // in the log
	labels  labelNames
	byLabel []*measure.Label // totals of the job by label's number; nil: there are none
	workers map[string]*account
	sample  *measure.Sample

	watch   *report.Collector // of those who watch; its figures are not the final ones
	pending map[int]*pendingSecond
	next    int
	show    func(report.Second, *measure.Interval)
}

// chunk is where a second of one worker lies in the file.
type chunk struct {
	at     int64
	length int
	steal  float64
}

// pendingSecond is a second that not all have handed in, or that could not be written.
type pendingSecond struct {
	sum   *measure.Interval
	steal float64
	shown bool
}

// account is what one worker has handed in.
type account struct {
	id       string
	total    *measure.Interval  // without most histograms: there may be thousands of workers, with hundreds of labels each
	labels   []measure.Requests // by number
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
	mu      sync.Mutex
	list    []string
	numbers map[string]int
}

// labelsMost bounds what workers may make up.
const labelsMost = 20_000

func (l *labelNames) number(name []byte) int {
	l.mu.Lock()
	defer l.mu.Unlock()
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

func (l *labelNames) name(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list[n]
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
		sample: measure.NewSample(seed), watch: report.NewCollector(rec), pending: map[int]*pendingSecond{},
		show: show,
	}, nil
}

func (l *ledger) close() {
	_ = l.file.Close()
	_ = os.Remove(l.file.Name())
}

// add takes in an entry of the log; scratch is the caller's own. Reading an entry costs more than adding it, and is done
// by several goroutines at once.
func (l *ledger) add(entry []byte, scratch *measure.Interval) error {
	h, body, err := readEntry(entry)
	if err != nil {
		return err
	}
	if h.Last == nil {
		if err := readSecond(scratch, body, l.labels.number); err != nil {
			return err
		}
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
	a.add(scratch)
	a.latest = max(a.latest, h.Index)
	return l.enter(h, body, scratch)
}

// add adds a second to the worker's totals: of its histograms those that a report on it has.
func (a *account) add(iv *measure.Interval) {
	lean := *iv
	lean.Times.Wait, lean.Times.Service, lean.Warmup = measure.Histogram{}, measure.Histogram{}, measure.Times{}
	lean.Followups, lean.Checks, lean.Labels = measure.Followups{}, nil, nil
	a.total.MergeTotals(&lean, false)
	for n, label := range iv.Labels {
		if label == nil {
			continue
		}
		for n >= len(a.labels) {
			a.labels = append(a.labels, measure.Requests{})
		}
		a.labels[n].Add(&label.Requests)
	}
}

func (l *ledger) addLabels(iv *measure.Interval) {
	for n, label := range iv.Labels {
		if label == nil {
			continue
		}
		for n >= len(l.byLabel) {
			l.byLabel = append(l.byLabel, nil)
		}
		if l.byLabel[n] == nil {
			l.byLabel[n] = new(measure.Label)
		}
		l.byLabel[n].Add(label)
	}
}

// enter adds the second at hand to those of the others, or, when these have been written, writes it beside them.
func (l *ledger) enter(h head, body []byte, second *measure.Interval) error {
	p := l.pending[h.Index]
	if p == nil && h.Index < l.next {
		l.addLabels(second)
		return l.write(h.Index, body, h.Steal)
	}
	if p == nil {
		p = &pendingSecond{sum: measure.NewInterval()}
		l.pending[h.Index] = p
	}
	p.sum.Merge(second, true)
	p.steal = max(p.steal, h.Steal)
	return nil
}

func (l *ledger) write(index int, body []byte, steal float64) error {
	n, err := l.file.WriteAt(body, l.size)
	if err != nil {
		return fmt.Errorf("cluster: results: %w", err)
	}
	l.seconds[index] = append(l.seconds[index], chunk{l.size, n, steal})
	l.size += int64(n)
	return nil
}

// settle writes the pending seconds up to index, which is the last to come to all who are on time. Those that cannot be written stay.
func (l *ledger) settle(index int) (err error) {
	for _, i := range slices.Sorted(maps.Keys(l.pending)) {
		if i > index {
			break
		}
		p := l.pending[i]
		if e := l.write(i, appendSecond(p.sum, l.labels.name), p.steal); e != nil {
			err = e
			continue
		}
		l.addLabels(p.sum)
		delete(l.pending, i)
	}
	return err
}

// tell shows the seconds that are complete: every worker that is alive has handed them in, or they are long over.
func (l *ledger) tell(alive []string, now int64) error {
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
		p := l.pending[index]
		if index > upTo || p.shown {
			continue
		}
		p.shown = true
		l.next = max(l.next, index+1)
		s := l.watch.Add(p.sum, 0)
		if l.show != nil {
			w, _ := l.watch.Window()
			l.show(s, w)
		}
	}
	return l.settle(upTo)
}

// aborts says why the job is to be broken off by one of the rules; "".
func (l *ledger) aborts(rules []report.Condition) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return report.AbortReason(rules, l.watch)
}

// second adds up a second of all workers into iv; how much the worst hypervisor took of it.
func (l *ledger) second(iv *measure.Interval, index int) (steal float64, err error) {
	scratch := measure.NewInterval()
	for _, c := range l.seconds[index] {
		body := make([]byte, c.length)
		if _, err := l.file.ReadAt(body, c.at); err != nil {
			return 0, fmt.Errorf("cluster: results: %w", err)
		}
		if err := readSecond(scratch, body, l.labels.number); err != nil {
			return 0, err
		}
		iv.Merge(scratch, true)
		steal = max(steal, c.steal)
	}
	return steal, nil
}
