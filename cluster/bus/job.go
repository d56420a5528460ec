package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// JobConfig is what is settled when a job is made; zero values are the defaults.
type JobConfig struct {
	// Replicas is how many servers keep everything: 1 (the default) or 3, for which the bus must be a cluster of three.
	Replicas int
	// AckWait is how long a puller may keep a record without a sign of life before another gets it; default 30 s.
	AckWait time.Duration
	// QueueBytes bounds the queue's size on disk; Push waits while it is full. 0: no bound.
	QueueBytes int64
}

// Job is one job on the bus. Its methods may be called by several goroutines at once.
type Job struct {
	b     *Bus
	n     names
	kv    jetstream.KeyValue
	log   logState
	infos jobStreams
}

// Name is the job's name.
func (j *Job) Name() string { return j.n.job }

// dedupe is how long the servers remember the ids of messages. Longer outages are dealt with by Append itself.
const dedupe = 2 * time.Minute

// CreateJob makes what a job needs on the bus, and opens it. It may be called by several processes at once and again:
// what is there is kept, with its settings. While the bus does not answer it tries again until the context ends.
func (b *Bus) CreateJob(ctx context.Context, name string, cfg JobConfig) (*Job, error) {
	if err := ValidJob(name); err != nil {
		return nil, err
	}
	if cfg.Replicas == 0 {
		cfg.Replicas = 1
	}
	if cfg.Replicas != 1 && cfg.Replicas != 3 {
		return nil, fmt.Errorf("bus: job %s: %d replicas; expected 1 or 3", name, cfg.Replicas)
	}
	if cfg.AckWait == 0 {
		cfg.AckWait = 30 * time.Second
	}
	if cfg.AckWait < time.Second {
		return nil, fmt.Errorf("bus: job %s: an ack wait of %v; expected at least 1s", name, cfg.AckWait)
	}
	for wait := retryFirst; ; wait = min(2*wait, retryLast) {
		err := b.createStreams(ctx, names{name}, cfg)
		if err == nil {
			return b.OpenJob(ctx, name)
		}
		if ctx.Err() != nil || !passing(err) || b.pause(ctx, wait) != nil {
			return nil, fmt.Errorf("bus: create job %s: %w", name, err)
		}
		b.logf("bus: create job %s: again, after: %v", name, err)
	}
}

// createStreams makes what is missing of a job. A stream of that name that is there already is left as it is.
func (b *Bus) createStreams(ctx context.Context, n names, cfg JobConfig) error {
	for _, s := range n.configs(cfg) {
		err := b.createStream(ctx, s)
		if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return fmt.Errorf("stream %s: %w", s.Name, err)
		}
		if s.Name != n.records() {
			continue
		}
		err = b.ask(ctx, func(ctx context.Context) error {
			_, err := b.js.CreateConsumer(ctx, s.Name, n.consumer(cfg))
			return err
		})
		if err != nil && !errors.Is(err, jetstream.ErrConsumerExists) {
			return fmt.Errorf("consumer of records: %w", err)
		}
	}
	return nil
}

// createStream makes a stream; where the account allows fewer readers than it asks for, with as many as that is.
func (b *Bus) createStream(ctx context.Context, s jetstream.StreamConfig) error {
	return b.ask(ctx, func(ctx context.Context) error {
		_, err := b.js.CreateStream(ctx, s)
		var api *jetstream.APIError
		if errors.As(err, &api) && api.ErrorCode == codeConsumers {
			s.MaxConsumers = -1
			_, err = b.js.CreateStream(ctx, s)
		}
		return err
	})
}

// watchersMost bounds how many watch a job's keys at a time. Servers allow a thousand where nothing is said.
const watchersMost = 1 << 17

// configs are the job's streams; the state comes last, since a job is there when its state is.
func (n names) configs(cfg JobConfig) []jetstream.StreamConfig {
	base := jetstream.StreamConfig{
		Storage: jetstream.FileStorage, Replicas: cfg.Replicas, Duplicates: dedupe, Metadata: map[string]string{"iago": n.job},
		MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgSize: -1, Discard: jetstream.DiscardNew,
	}
	records, results, chunks, state := base, base, base, base
	records.Name, records.Subjects, records.Retention = n.records(), []string{n.subject("records")}, jetstream.WorkQueuePolicy
	if cfg.QueueBytes > 0 {
		records.MaxBytes = cfg.QueueBytes
	}
	results.Name, results.Subjects = n.results(), []string{n.subject("results.>")}
	chunks.Name, chunks.Subjects, chunks.MaxMsgsPerSubject = n.chunks(), []string{n.subject("chunks.>")}, 1
	chunks.AllowDirect = true // whichever replica is asked answers, with the bytes as they are
	// The form of a key-value bucket, but read from the leader only: replicas may be behind.
	state.Name, state.Subjects, state.MaxMsgsPerSubject = n.state(), []string{n.key(">")}, 1
	state.DenyDelete, state.AllowRollup, state.MaxConsumers = true, true, watchersMost
	return []jetstream.StreamConfig{records, results, chunks, state}
}

// consumer is what workers pull records from.
func (n names) consumer(cfg JobConfig) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: workers, AckPolicy: jetstream.AckExplicitPolicy, AckWait: cfg.AckWait,
		MaxDeliver: -1, MaxAckPending: -1, MaxWaiting: 16384, Replicas: cfg.Replicas,
	}
}

// OpenJob opens a job that is there; ErrNotFound when it is not.
func (b *Bus) OpenJob(ctx context.Context, name string) (*Job, error) {
	if err := ValidJob(name); err != nil {
		return nil, err
	}
	j := &Job{b: b, n: names{name}}
	err := b.ask(ctx, func(ctx context.Context) (err error) {
		j.kv, err = b.js.KeyValue(ctx, j.n.bucket())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("bus: open job %s: %w", name, err)
	}
	j.infos.records.name, j.infos.results.name, j.infos.chunks.name = j.n.records(), j.n.results(), j.n.chunks()
	return j, nil
}

// jobStreams are the streams that are asked for messages or their state.
type jobStreams struct{ records, results, chunks stream }

// stream is a handle of a stream, made when it is first needed: thousands of workers that join at once need few.
type stream struct {
	name   string
	mu     sync.Mutex
	handle jetstream.Stream // nil: not made yet
}

// askStream puts a question to one of the job's streams; see [Bus.ask].
func (j *Job) askStream(ctx context.Context, s *stream, fn func(context.Context, jetstream.Stream) error) error {
	return j.b.ask(ctx, func(ctx context.Context) (err error) {
		s.mu.Lock()
		handle := s.handle
		s.mu.Unlock()
		if handle == nil {
			if handle, err = j.b.js.Stream(ctx, s.name); err != nil {
				return err
			}
			s.mu.Lock()
			s.handle = handle
			s.mu.Unlock()
		}
		return fn(ctx, handle)
	})
}

// DeleteJob removes everything of a job from the bus; a job that is not there is no error.
func (b *Bus) DeleteJob(ctx context.Context, name string) error {
	if err := ValidJob(name); err != nil {
		return err
	}
	for _, s := range (names{name}).streams() {
		err := b.ask(ctx, func(ctx context.Context) error { return b.js.DeleteStream(ctx, s) })
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("bus: delete job %s: stream %s: %w", name, s, err)
		}
	}
	return nil
}

// Jobs lists the jobs on the bus by name. A connection for one job (Config.Job) sees that one only.
func (b *Bus) Jobs(ctx context.Context) ([]string, error) {
	if b.job != "" {
		_, err := b.OpenJob(ctx, b.job)
		if errors.Is(err, ErrNotFound) {
			return nil, nil
		}
		return []string{b.job}, err
	}
	var jobs []string
	err := b.ask(ctx, func(ctx context.Context) error {
		list := b.js.ListStreams(ctx, jetstream.WithStreamListSubject("$KV.>"))
		for s := range list.Info() {
			if job := s.Config.Metadata["iago"]; s.Config.Name == (names{job}).state() {
				jobs = append(jobs, job)
			}
		}
		return list.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("bus: list jobs: %w", err)
	}
	slices.Sort(jobs)
	return jobs, nil
}
