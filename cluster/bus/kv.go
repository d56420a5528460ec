package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Entry is a key's value as of one revision.
type Entry struct {
	Key      string
	Value    []byte
	Revision uint64    // grows with every change of any key of the job
	Time     time.Time // of the change, by the server's clock
}

// Get reads a key: ErrNotFound if it is not there. It asks the stream's leader; one that has been cut off and does not
// know yet may give an old value, which an Update by its revision then refuses.
func (j *Job) Get(ctx context.Context, key string) (Entry, error) {
	if err := validKey(key); err != nil {
		return Entry{}, err
	}
	var e jetstream.KeyValueEntry
	err := j.b.ask(ctx, func(ctx context.Context) (err error) {
		e, err = j.kv.Get(ctx, key)
		return err
	})
	if err != nil {
		return Entry{}, j.keyError("get", key, err)
	}
	return Entry{Key: key, Value: e.Value(), Revision: e.Revision(), Time: e.Created()}, nil
}

// Create writes a key that must not be there: ErrExists if it is. It returns the new revision.
func (j *Job) Create(ctx context.Context, key string, value []byte) (uint64, error) {
	rev, err := j.write(ctx, "create", key, func(ctx context.Context) (uint64, error) { return j.kv.Create(ctx, key, value) })
	if errors.Is(err, ErrConflict) {
		return 0, fmt.Errorf("bus: create %s of job %s: %w", key, j.n.job, ErrExists)
	}
	return rev, err
}

// Update writes a key that must still have the given revision: ErrConflict if it has another. After ErrUnavailable it is
// not known whether the key was written; Get tells, by its revision and value.
func (j *Job) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	return j.write(ctx, "update", key, func(ctx context.Context) (uint64, error) { return j.kv.Update(ctx, key, value, revision) })
}

// Put writes a key whatever it holds.
func (j *Job) Put(ctx context.Context, key string, value []byte) (uint64, error) {
	return j.write(ctx, "put", key, func(ctx context.Context) (uint64, error) { return j.kv.Put(ctx, key, value) })
}

// Delete removes a key. With a revision other than 0 it must still have that one (ErrConflict). That it is not there is
// no error.
func (j *Job) Delete(ctx context.Context, key string, revision uint64) error {
	var opts []jetstream.KVDeleteOpt
	if revision != 0 {
		opts = append(opts, jetstream.LastRevision(revision))
	}
	_, err := j.write(ctx, "delete", key, func(ctx context.Context) (uint64, error) { return 0, j.kv.Delete(ctx, key, opts...) })
	return err
}

// write changes a key by fn.
func (j *Job) write(ctx context.Context, verb, key string, fn func(context.Context) (uint64, error)) (rev uint64, err error) {
	if err := validKey(key); err != nil {
		return 0, err
	}
	err = j.b.ask(ctx, func(ctx context.Context) (err error) {
		rev, err = fn(ctx)
		return err
	})
	return rev, j.keyError(verb, key, err)
}

// Keys lists the keys below prefix (see Watch for its form) in the order of their last change.
func (j *Job) Keys(ctx context.Context, prefix string) ([]string, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.b.pace(opTimeout))
		defer cancel()
	}
	var keys []string
	began := time.Now()
	err := j.watch(ctx, []string{prefix}, func(e Event) error {
		if e.Synced {
			return ErrStop
		}
		if !e.Deleted {
			keys = append(keys, e.Key)
		}
		return nil
	})
	if err != nil {
		return nil, j.keyError("list", prefix, j.b.failure(began, err))
	}
	return keys, nil
}

func (j *Job) keyError(verb, key string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrUnavailable) && verb != "get" && verb != "list" {
		return fmt.Errorf("bus: %s %s of job %s: %w; whether it was done is not known, read the key to find out", verb, key, j.n.job, err)
	}
	return fmt.Errorf("bus: %s %s of job %s: %w", verb, key, j.n.job, err)
}
