package knownerror

import "context"

// Take brings a known error into a catalogue without a store.
func (c *Catalogue) Take(ctx context.Context, k *KnownError) error { return c.take(ctx, k) }
