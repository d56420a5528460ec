package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A payload that is too large for one message goes as chunks, each under a subject of its own in a stream of their own,
// and a message without payload that says how many there are and what their sum is. The client library's object store
// is not used for it: it leaves a mark for every object for ever, and reads chunks in the order in which they were
// stored, which a repeated attempt may change.

// inlineMost is the largest payload that goes in one message, whatever the server allows, so that pullers know how much
// room they must offer at least.
const inlineMost = 4 << 20

// headroom is left for subject and headers of a message.
const headroom = 4 << 10

// chunksHeader says of what a message's payload consists: "COUNT SIZE SHA256".
const chunksHeader = "Iago-Chunks"

// parallelChunks are stored and read at once.
const parallelChunks = 4

// inline is the largest payload that goes in one message on this connection.
func (b *Bus) inline() int { return int(min(inlineMost, b.nc.MaxPayload()-headroom)) }

// message makes the message for a payload; of a large one it has stored the chunks.
func (j *Job) message(ctx context.Context, kind, subject, id string, data []byte) (*nats.Msg, error) {
	m := nats.NewMsg(subject)
	m.Header.Set(jetstream.MsgIDHeader, id)
	most := j.b.inline()
	if len(data) <= most {
		m.Data = data
		return m, nil
	}
	sum := sha256.Sum256(data)
	count := (len(data) + most - 1) / most
	m.Header.Set(chunksHeader, chunked{count, len(data), sum}.String())
	return m, parallel(ctx, count, func(ctx context.Context, i int) error {
		c := nats.NewMsg(j.n.chunk(kind, id, i))
		c.Data = data[i*most : min((i+1)*most, len(data))]
		_, err := j.persist(ctx, c)
		return err
	})
}

// payloadSize is the size of what a message stands for.
func payloadSize(m *nats.Msg) int {
	if c, err := parseChunked(m.Header.Get(chunksHeader)); err == nil && c.count > 0 {
		return c.size
	}
	return len(m.Data)
}

// payload is the data of a message; of a large one it reads the chunks. ErrLost: they are not all there.
func (j *Job) payload(ctx context.Context, kind, id string, c chunked, data []byte) ([]byte, error) {
	if c.count == 0 {
		return data, nil
	}
	parts := make([][]byte, c.count)
	err := parallel(ctx, c.count, func(ctx context.Context, i int) error {
		err := j.askStream(ctx, &j.infos.chunks, func(ctx context.Context, s jetstream.Stream) error {
			m, err := s.GetLastMsgForSubject(ctx, j.n.chunk(kind, id, i))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				parts[i], err = j.fromLeader(ctx, j.n.chunk(kind, id, i))
			} else if err == nil {
				parts[i] = m.Data
			}
			return err
		})
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("%w: chunk %d of %d of %s is not there", ErrLost, i+1, c.count, id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	whole := make([]byte, 0, min(c.size, c.count*inlineMost))
	for _, p := range parts {
		whole = append(whole, p...)
	}
	if len(whole) != c.size || sha256.Sum256(whole) != c.sum {
		return nil, fmt.Errorf("%w: the %d chunks of %s are not what was stored", ErrLost, c.count, id)
	}
	return whole, nil
}

// fromLeader reads a chunk that a replica does not have: it may be behind. The library asks leaders of such streams only
// where all of them are asked so.
func (j *Job) fromLeader(ctx context.Context, subject string) ([]byte, error) {
	body, err := json.Marshal(map[string]string{"last_by_subj": subject})
	if err != nil {
		return nil, err
	}
	m, err := j.b.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+j.n.chunks(), body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Message struct {
			Data []byte `json:"data"`
		} `json:"message"`
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return nil, fmt.Errorf("chunk at %s: %w", subject, err)
	}
	if answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound {
		return nil, jetstream.ErrMsgNotFound
	}
	if answer.Error != nil {
		return nil, answer.Error
	}
	return answer.Message.Data, nil
}

// dropChunks removes the chunks of a payload.
func (j *Job) dropChunks(ctx context.Context, kind, id string) error {
	return j.askStream(ctx, &j.infos.chunks, func(ctx context.Context, s jetstream.Stream) error {
		return s.Purge(ctx, jetstream.WithPurgeSubject(j.n.chunk(kind, id, -1)))
	})
}

// chunked is the content of chunksHeader; a count of 0: the payload is in the message.
type chunked struct {
	count, size int
	sum         [sha256.Size]byte
}

func (c chunked) String() string { return fmt.Sprintf("%d %d %x", c.count, c.size, c.sum) }

// mostChunked bounds what a header may make us allocate.
const mostChunked = 1 << 30

func parseChunked(text string) (c chunked, err error) {
	if text == "" {
		return c, nil
	}
	f := strings.Fields(text)
	bad := fmt.Errorf("bus: header %s %q: expected count, size and SHA-256", chunksHeader, text)
	if len(f) != 3 || len(f[2]) != 2*sha256.Size {
		return c, bad
	}
	n, err1 := strconv.ParseUint(f[0], 10, 31)
	size, err2 := strconv.ParseUint(f[1], 10, 31)
	_, err3 := hex.Decode(c.sum[:], []byte(f[2]))
	if errors.Join(err1, err2, err3) != nil || n == 0 || size > mostChunked || n > size {
		return chunked{}, bad
	}
	c.count, c.size = int(n), int(size)
	return c, nil
}

// parallel calls fn for 0 … n-1, some at once, and returns the first error.
func parallel(ctx context.Context, n int, fn func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	room := make(chan struct{}, parallelChunks)
	for i := 0; i < n && ctx.Err() == nil; i++ {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			if err := fn(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
