package cab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// meetingSpace is the namespace of the ids of regular meetings: a board's meeting at
// an instant always has the same.
var meetingSpace = uuid.MustParse("0d8f0c6e-9a36-5d0b-8f8a-5b7c8d1e4a20")

// Schedule makes the meeting of a board at one of its occurrences, see [Board.Next].
// A board has one meeting at an instant: asked again it returns that one, also if it is
// over or cancelled by now. Whoever sits on the board is told.
func (s *Service) Schedule(ctx context.Context, actor workflow.Actor, board string, o Occurrence) (*Meeting, error) {
	b, err := s.Board(board)
	if err != nil {
		return nil, err
	}
	id := uuid.NewSHA1(meetingSpace, []byte(board+"\x00"+o.Start.UTC().Format(time.RFC3339Nano)))
	_, err = s.desk.Do(ctx, s.command(actor, "schedule"), func(tx *workflow.Tx) error {
		if err := s.mayPrepare(tx, &b); err != nil {
			return err
		}
		if _, err := s.kind.Get(tx, id); !errors.Is(err, workflow.ErrNotFound) {
			return err
		}
		next := b.Next(o.Start.Add(-1), 1)
		switch {
		case len(next) == 0 || !next[0].Start.Equal(o.Start):
			return fmt.Errorf("cab: board %s does not meet at %s; %s: %w", board, o.Start.UTC().Format(time.RFC3339), b.nextInWords(tx.Now()), workflow.ErrInvalid)
		case !o.Start.After(tx.Now()):
			return fmt.Errorf("cab: board %s: a meeting at %s is over; %s: %w", board, o.Start.UTC().Format(time.RFC3339), b.nextInWords(tx.Now()), workflow.ErrInvalid)
		}
		st := &step{s: s, tx: tx, m: s.draft(b, next[0].Start, next[0].End)}
		st.m.ID, st.m.Cutoff = id, next[0].Cutoff
		return st.create(TopicScheduled, "")
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, id)
}

// Summons is what is needed to convene a meeting.
type Summons struct {
	Board   string            `json:"board"`
	Reason  string            `json:"reason"`
	Changes []workflow.ID     `json:"changes,omitempty"` // to be decided on; they must wait for the board
	Start   time.Time         `json:"start,omitzero"`    // default: now
	Length  approval.Duration `json:"length,omitempty"`  // default: the board's
}

// Convene calls a meeting outside the recurrence: of an emergency board, which has no
// other, or an extraordinary one. Its agenda stays open until it is over. Whoever sits
// on the board is told. Every call makes a meeting: give it with [Service.Once].
func (s *Service) Convene(ctx context.Context, actor workflow.Actor, c Summons) (*Meeting, error) {
	b, err := s.Board(c.Board)
	if err != nil {
		return nil, err
	}
	if err := c.validate(b); err != nil {
		return nil, err
	}
	res, err := s.desk.Do(ctx, s.command(actor, "convene"), func(tx *workflow.Tx) error { return s.mayPrepare(tx, &b) })
	if err != nil || res.Duplicate {
		return s.made(ctx, res, err)
	}
	var cases []Case
	if len(c.Changes) > 0 {
		if cases, err = s.waiting(ctx, b.Name); err == nil {
			cases, err = pick(cases, c.Changes)
		}
		if err != nil {
			return nil, fmt.Errorf("cab: board %s: %w", b.Name, err)
		}
	}
	res, err = s.desk.Do(ctx, s.command(actor, "convene"), func(tx *workflow.Tx) error {
		if c.Length > 0 {
			b.Length = c.Length
		}
		start := c.Start.UTC().Truncate(time.Microsecond)
		if c.Start.IsZero() {
			start = tx.Now()
		}
		if start.Before(tx.Now()) {
			return fmt.Errorf("cab: board %s: a meeting is convened for now or later, not for %s: %w", b.Name, start.Format(time.RFC3339), workflow.ErrInvalid)
		}
		st := &step{s: s, tx: tx, m: s.draft(b, start, start.Add(time.Duration(b.Length))), reason: c.Reason}
		st.m.Reason = c.Reason
		for _, one := range cases {
			it := st.newItem(one)
			it.Manual = true
			if err := st.put(it); err != nil {
				return err
			}
		}
		return st.create(TopicConvened, c.Reason)
	})
	return s.made(ctx, res, err)
}

func (c Summons) validate(b Board) error {
	var p workflow.Problems
	if !validNote(c.Reason) {
		p.Addf("the reason has 1 to %d bytes of text, not %d", MaxNote, len(c.Reason))
	}
	if len(c.Changes) > MaxItems {
		p.Addf("%d changes, at most %d", len(c.Changes), MaxItems)
	}
	if l := time.Duration(c.Length); l < 0 || l > MaxLength || l%time.Minute != 0 {
		p.Addf("length %v, must be whole minutes, up to %v", c.Length, MaxLength)
	}
	return p.Err("cab: convening board " + b.Name)
}

// made returns the meeting that a command has made.
func (s *Service) made(ctx context.Context, res workflow.Result, err error) (*Meeting, error) {
	if err != nil {
		return nil, err
	}
	for _, e := range res.Events {
		if e.Kind == KindName && e.Version == 1 {
			return s.Get(ctx, e.ID)
		}
	}
	return nil, fmt.Errorf("cab: the command has made no meeting: %w", workflow.ErrNotFound)
}

// mayPrepare asks for the right to prepare meetings of a board, before there is one.
func (s *Service) mayPrepare(tx *workflow.Tx, b *Board) error {
	return tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindName}, Roles: s.officeRoles(), Relations: boardRelations(b, tx.Actor())})
}

// draft is a meeting of a board as it begins.
func (s *Service) draft(b Board, start, end time.Time) *Meeting {
	return &Meeting{Record: workflow.Record{Title: b.label(), Lifecycle: s.current, State: s.machines[s.current].Initial()},
		Board: b.pinned(), Start: start, End: end}
}

// create adds the meeting to the command, with its timer, and tells people.
func (st *step) create(topic, text string) error {
	if err := st.s.kind.Create(st.tx, st.m, workflow.Entry{Note: st.reason}); err != nil {
		return err
	}
	if !st.m.Cutoff.IsZero() {
		st.tx.SetTimer(st.s.kind.Ref(st.m.ID), TimerCutoff, st.m.Cutoff)
	}
	return st.tell(topic, text, st.m.Board.audience(), st.m.announced()...)
}

// nextInWords tells when the board meets.
func (b *Board) nextInWords(now time.Time) string {
	next := b.Next(now, 1)
	if len(next) == 0 {
		return "it has no regular meetings ahead"
	}
	return "it next meets at " + next[0].Start.Format(time.RFC3339)
}

// Cancel calls off a meeting that has not begun. What was on its agenda comes onto the
// next one's.
func (s *Service) Cancel(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Meeting, error) {
	return s.run(ctx, actor, id, ActionCancel, func(st *step) error {
		st.reason = reason
		if err := st.fire(ActionCancel); err != nil {
			return err
		}
		st.m.Reason = reason
		st.tx.ClearTimer(s.kind.Ref(id), TimerCutoff)
		return st.tell(TopicCancelled, reason, st.m.Board.audience(), st.m.announced()...)
	})
}
