package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/itsm-go/itsm/workflow"

	"github.com/nats-io/nats.go/jetstream"
)

// Progress keeps a follower's position in a key-value bucket: an
// [eventbus.Progress] for as many processes as there are.
type Progress struct {
	kv  jetstream.KeyValue
	key string
}

// NewProgress returns the progress under a key, one for each tenant's feed and
// filter: any text.
func NewProgress(kv jetstream.KeyValue, key string) *Progress {
	return &Progress{kv, strings.ReplaceAll(escape(key), "%", "=")} // what a bucket takes
}

// Load returns the position, and the empty one when none was saved.
func (p *Progress) Load(ctx context.Context) (workflow.Position, error) {
	at, _, err := p.get(ctx)
	return at, err
}

func (p *Progress) get(ctx context.Context) (workflow.Position, uint64, error) {
	e, err := p.kv.Get(ctx, p.key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return "", 0, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("jetstream: progress %s: %w", p.key, err)
	}
	return workflow.Position(e.Value()), e.Revision(), nil
}

// Save moves the position, if it is still at from.
func (p *Progress) Save(ctx context.Context, from, to workflow.Position) error {
	at, revision, err := p.get(ctx)
	if err != nil {
		return err
	}
	if at != from {
		return fmt.Errorf("jetstream: progress %s is at %q and not at %q: %w", p.key, at, from, workflow.ErrConflict)
	}
	if _, err = p.kv.Update(ctx, p.key, []byte(to), revision); errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("jetstream: progress %s: %w: %w", p.key, err, workflow.ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("jetstream: progress %s: %w", p.key, err)
	}
	return nil
}
