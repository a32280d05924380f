package jetstream

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"

	"github.com/nats-io/nats.go/jetstream"
)

// StreamConfig describes the stream that envelopes are kept in.
type StreamConfig struct {
	Name     string // needed
	Subjects Subjects
	Replicas int // servers that keep it: 1, 3 or 5; default 1
	// Memory keeps the stream in the servers' memory: faster, and gone with them.
	Memory   bool
	MaxAge   time.Duration // elapsed time that envelopes are kept; default: for ever
	MaxBytes int64         // default: no limit. A full stream takes no more, see [EnsureStream]
	// Duplicates is the elapsed time for which an id is remembered, so that what is
	// published twice is kept once. Default: five minutes. It must be longer than an
	// envelope may be under way, and costs memory for every envelope of that time.
	Duplicates time.Duration
}

// EnsureStream creates the stream or brings it up to date. When it is full it
// refuses what is new rather than throwing away what is old: publishing fails, the
// outbox waits, and nothing is lost before it was received.
func EnsureStream(ctx context.Context, js jetstream.JetStream, cfg StreamConfig) (jetstream.Stream, error) {
	cfg.Subjects = cfg.Subjects.withDefaults()
	var p workflow.Problems
	cfg.Subjects.check(&p)
	if cfg.Name == "" {
		p.Addf("no name")
	}
	if cfg.Replicas < 0 || cfg.MaxAge < 0 || cfg.MaxBytes < 0 || cfg.Duplicates < 0 {
		p.Addf("replicas, age, bytes and duplicates are not negative")
	}
	if cfg.Duplicates == 0 {
		cfg.Duplicates = 5 * time.Minute
		if cfg.MaxAge > 0 {
			cfg.Duplicates = min(cfg.Duplicates, cfg.MaxAge)
		}
	}
	if cfg.MaxAge > 0 && cfg.Duplicates > cfg.MaxAge {
		p.Addf("ids are remembered for %v, longer than the envelopes are kept, %v", cfg.Duplicates, cfg.MaxAge)
	}
	if err := p.Err("jetstream: stream"); err != nil {
		return nil, err
	}
	native := jetstream.StreamConfig{
		Name: cfg.Name, Subjects: []string{cfg.Subjects.All()}, Description: "events and messages of service management",
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage,
		Replicas: max(1, cfg.Replicas), MaxAge: cfg.MaxAge, MaxBytes: -1, MaxMsgs: -1, Duplicates: cfg.Duplicates, AllowDirect: true,
	}
	if cfg.MaxBytes > 0 {
		native.MaxBytes = cfg.MaxBytes
	}
	if cfg.Memory {
		native.Storage = jetstream.MemoryStorage
	}
	s, err := js.CreateOrUpdateStream(ctx, native)
	if err != nil {
		return nil, fmt.Errorf("jetstream: stream %s: %w", cfg.Name, err)
	}
	return s, nil
}
