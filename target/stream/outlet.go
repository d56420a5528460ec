package stream

import (
	"slices"

	"github.com/iagoloadgen/iago/target/model"
)

// reply is what is to be done about one request.
type reply struct {
	bytes   []byte // the answer, or what is sent in its place; valid during the call of put only
	depart  int64  // ns on the server's clock
	kind    model.Kind
	answers bool // it is an answer, and counted
	last    bool // the connection ends after it
}

// faulty tells whether something else happens in place of an answer.
func (r *reply) faulty() bool { return r.kind != 0 && r.kind != model.Error }

// outlet sends what is replied, in order. It is used by the goroutine that reads.
type outlet interface {
	put(r reply)
	// flush sends what is due now.
	flush()
	// end returns when everything has been sent, or cannot be any more.
	end()
}

// direct sends each answer as soon as what was read has been worked on: all at once.
type direct struct {
	c      *conn
	buf    []byte
	counts int // answers in buf
}

// enough is how many bytes of answers are gathered before a write.
const enough = 64 << 10

func (d *direct) put(r reply) {
	d.buf = append(d.buf, r.bytes...)
	if r.answers {
		d.counts++
	}
	switch {
	case r.kind == model.Reset:
		d.flush()
		reset(d.c.raw)
	case r.faulty(), r.last, len(d.buf) >= enough:
		d.flush()
	}
}

// flush counts before it writes, so that who has an answer finds it in the figures.
func (d *direct) flush() {
	n := len(d.buf)
	d.c.batch.Answers += int64(d.counts)
	d.c.batch.Sent += int64(n)
	d.c.count()
	if n == 0 {
		return
	}
	if sent, err := d.c.rw.Write(d.buf); err != nil {
		d.c.over = true
		d.c.tally.Unsent(d.counts, n-sent)
	}
	if d.counts, d.buf = 0, d.buf[:0]; cap(d.buf) > keptBuffer {
		d.buf = nil
	}
}

func (d *direct) end() { d.flush() }

// delayed sends each answer at its departure, by a goroutine of its own.
type delayed struct {
	c     *conn
	queue chan reply
	done  chan struct{}
}

// inFlight is how many requests of one connection may be worked on at once; beyond them it is not read.
const inFlight = 4096

func newDelayed(c *conn) *delayed {
	d := &delayed{c: c, queue: make(chan reply, inFlight), done: make(chan struct{})}
	go d.run()
	return d
}

func (d *delayed) put(r reply) {
	r.bytes = slices.Clone(r.bytes)
	d.c.count()
	d.queue <- r
}

func (d *delayed) flush() { d.c.count() }

func (d *delayed) end() {
	d.c.count()
	close(d.queue)
	<-d.done
}

// run sends until the queue is closed. Once the connection is gone, it counts what had to be given up.
func (d *delayed) run() {
	defer close(d.done)
	alive := true
	for r := range d.queue {
		if alive {
			alive = d.send(r)
		} else if r.answers {
			d.c.tally.Abandon(1)
		}
	}
}

// send waits for r's departure and carries it out; false: the connection has ended.
func (d *delayed) send(r reply) bool {
	if !d.c.SleepUntil(r.depart) || !d.c.Thaw() {
		if r.answers {
			d.c.tally.Abandon(1)
		}
		return false
	}
	if r.answers {
		d.c.tally.Answered(len(r.bytes), d.c.Now()-r.depart)
	}
	if r.kind == model.Reset {
		reset(d.c.raw)
	}
	if r.faulty() && r.kind != model.Garbage {
		return false
	}
	if sent, err := d.c.rw.Write(r.bytes); err != nil {
		if r.answers {
			d.c.tally.Unsent(1, len(r.bytes)-sent)
		}
		_ = d.c.raw.Close() // wakes the goroutine that reads
		return false
	}
	return !r.faulty()
}
