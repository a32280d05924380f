package announce

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// TimerFlush is the timer of a profile at which a person is told what has waited.
const TimerFlush = "flush"

// Limits of a digest: things, and bytes but for the last of them. What is left comes with
// the next one, at once.
const (
	perFlush   = 100
	flushBytes = 1 << 20
)

// flush tells a person what has waited for him, in one message. What is over meanwhile,
// and he was never told of, is left out.
func (s *Service) flush(ctx context.Context, id workflow.ID) error {
	_, err := s.desk.Do(ctx, s.command(system, "flush"), func(tx *workflow.Tx) error {
		p, err := s.profiles.Get(tx, id)
		if err != nil || p.FlushAt.IsZero() || tx.Now().Before(p.FlushAt) {
			return err
		}
		if at, ok := p.opens(tx.Now()); ok && at.After(tx.Now()) { // the relay was late
			p.FlushAt = at.UTC().Truncate(time.Microsecond)
			tx.SetTimer(s.profiles.Ref(id), TimerFlush, p.FlushAt)
			return s.profiles.Put(tx, p, workflow.Entry{})
		}
		d, bytes, done := Digest{To: Recipient{Person: p.Subscriber.Name}}, 0, 0
		for ; done < len(p.Held) && done < perFlush && bytes < flushBytes; done++ {
			n, err := s.flushOne(tx, p.Held[done], &d)
			if err != nil {
				return err
			}
			bytes += n
		}
		p.Held, p.FlushAt = slices.Clone(p.Held[done:]), time.Time{}
		if len(p.Held) > 0 {
			p.FlushAt = tx.Now()
			tx.SetTimer(s.profiles.Ref(id), TimerFlush, p.FlushAt)
		}
		if len(d.Items) > 0 {
			if err := tx.Send(s.profiles.Ref(id), TopicDigest, d); err != nil {
				return err
			}
		}
		return s.profiles.Put(tx, p, workflow.Entry{})
	})
	return err
}

// opens is when the person can be told next. A digest that is due goes out; at night
// alone it waits on.
func (p *Profile) opens(at time.Time) (time.Time, bool) {
	if p.Preferences.Digest == nil && p.Preferences.Awake != nil {
		return p.Preferences.Awake.NextOpen(at)
	}
	return at, true
}

// flushOne adds one bulletin to a digest, in the words of its present round, and notes
// on its page that the person knows it. It returns by how many bytes the digest has grown.
func (s *Service) flushOne(tx *workflow.Tx, h Held, d *Digest) (int, error) {
	b, err := s.bulletins.Get(tx, h.Bulletin)
	if err != nil {
		return 0, err
	}
	p, err := s.pages.Get(tx, pageID(h.Bulletin, h.Page))
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(p.People, func(e entry) bool { return e.Person == d.To.Person })
	if i < 0 || !p.People[i].Held {
		return 0, nil
	}
	e := &p.People[i]
	if s.stale(b, e) {
		e.Held = false
		return 0, s.pages.Put(tx, p, workflow.Entry{})
	}
	b.mark(e)
	told, r := b.told(), b.recipient(e)
	raw, err := json.Marshal(Digest{To: r, Items: []Told{told}})
	if err != nil {
		return 0, err
	}
	d.Items = append(d.Items, told)
	d.To.Why = append(d.To.Why, r.Why...)
	for _, c := range r.Channels {
		if !slices.Contains(d.To.Channels, c) {
			d.To.Channels = append(d.To.Channels, c)
		}
	}
	return len(raw), s.pages.Put(tx, p, workflow.Entry{})
}
