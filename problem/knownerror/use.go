package knownerror

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/google/uuid"

	"github.com/itsm-go/itsm/workflow"
)

// UseKind is the kind of [Use] in a store.
const UseKind = "known_error_use"

// Use says what a known error was for one case, such as an incident: suggested, linked,
// and whether it helped. It is a record of its own, one for each known error and case,
// so that feedback does not hold up those who write.
type Use struct {
	workflow.Record

	KnownError workflow.ID  `json:"known_error"`
	Case       workflow.Ref `json:"case"`
	Suggested  bool         `json:"suggested,omitempty"` // it was shown for the case
	Linked     bool         `json:"linked,omitempty"`    // it is linked to the case
	By         string       `json:"by,omitempty"`        // who linked it
	Revision   int          `json:"revision,omitempty"`  // which was in force then
	Verdict    Verdict      `json:"verdict,omitempty"`
	RatedBy    string       `json:"rated_by,omitempty"`
	Remark     string       `json:"remark,omitempty"` // on the verdict
}

// Verdict says whether a known error helped in a case.
type Verdict string

// The verdicts. The empty one is that nobody has said.
const (
	Helped    Verdict = "helped"
	NotHelped Verdict = "not_helped"
)

// MaxSuggested is the most known errors that are noted as suggested by one command.
const MaxSuggested = 50

const (
	stateUsed   = "used"
	stateLinked = "linked"

	indexKnownError = "known_error" // an IDKey
	indexCase       = "case"        // the case's reference as text
)

func newUses() (*workflow.Kind[*Use], error) {
	return workflow.NewKind(workflow.KindConfig[*Use]{
		Name: UseKind, New: func() *Use { return new(Use) },
		Clone: func(u *Use) *Use {
			c := *u
			c.Record = u.Record.Clone()
			return &c
		},
		Index: func(u *Use) []workflow.IndexEntry {
			return []workflow.IndexEntry{{Field: indexKnownError, Key: workflow.IDKey(u.KnownError)}, {Field: indexCase, Key: workflow.StringKey(u.Case.String())}}
		},
	})
}

// useSpace is the namespace of the ids of uses.
var useSpace = uuid.MustParse("0d3c4a0e-6b1c-5f0a-9f43-8f7f0d8c6a52")

func (s *Service) use(tx *workflow.Tx, id workflow.ID, of workflow.Ref) (*Use, error) {
	var p workflow.Problems
	if of.Kind == "" || len(of.Kind) > workflow.MaxKey/2 || of.ID == (workflow.ID{}) {
		p.Addf("a case needs a kind and an id")
	}
	if err := p.Err("knownerror: use"); err != nil {
		return nil, err
	}
	return s.uses.GetOrCreate(tx, uuid.NewSHA1(useSpace, []byte(id.String()+"/"+of.String())), func() *Use {
		return &Use{Record: workflow.Record{State: stateUsed}, KnownError: id, Case: of}
	})
}

// Suggested notes that known errors were shown for a case. Each counts once for a case,
// however often it is shown. One that was never published cannot have been shown; one
// that is retired by now can.
func (s *Service) Suggested(ctx context.Context, actor workflow.Actor, of workflow.Ref, ids ...workflow.ID) error {
	if len(ids) > MaxSuggested {
		return fmt.Errorf("knownerror: %d suggestions, at most %d: %w", len(ids), MaxSuggested, workflow.ErrInvalid)
	}
	cmd := workflow.Command{Name: "known_error.suggested", Actor: actor, Key: s.key, At: s.at}
	_, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		for _, id := range ids {
			k, err := s.kind.Get(tx, id)
			if err != nil {
				return err
			}
			st := &step{s: s, tx: tx, k: k}
			if err := errors.Join(st.authorize(s.cfg.UseRoles...), st.wasPublished()); err != nil {
				return err
			}
			u, err := s.use(tx, id, of)
			if err != nil {
				return err
			}
			if u.Suggested = true; u.Title == "" {
				u.Title = k.Name()
			}
			if err := s.uses.Put(tx, u, workflow.Entry{}); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// wasPublished refuses what nobody but its authors has ever seen.
func (st *step) wasPublished() error {
	if st.k.Revision == 0 {
		return fmt.Errorf("knownerror: %s was never published: %w: %w", st.k.Name(), ErrNotPublished, workflow.ErrTransition)
	}
	return nil
}

// Link says that a case is an instance of the known error, which must be in force.
// Doing so twice changes nothing.
func (s *Service) Link(ctx context.Context, actor workflow.Actor, id workflow.ID, of workflow.Ref) (*KnownError, error) {
	return s.run(ctx, actor, id, "link", func(st *step) error {
		if err := st.authorize(s.cfg.UseRoles...); err != nil {
			return err
		}
		if st.k.Published == nil {
			return fmt.Errorf("knownerror: %s is %s: %w: %w", st.k.Name(), st.k.State, ErrNotPublished, workflow.ErrTransition)
		}
		u, err := s.use(st.tx, id, of)
		if err != nil || u.Linked {
			return err
		}
		if st.k.Linked >= MaxLinked {
			return fmt.Errorf("knownerror: %s is linked to %d cases, the most there may be: %w", st.k.Name(), MaxLinked, workflow.ErrInvalid)
		}
		st.k.Linked++
		u.Linked, u.By, u.Revision, u.State, u.Title = true, actor.ID, st.k.Published.Revision, stateLinked, st.k.Name()
		return s.uses.Put(st.tx, u, workflow.Entry{})
	})
}

// Unlink says, for a reason, that a case is no instance of the known error.
func (s *Service) Unlink(ctx context.Context, actor workflow.Actor, id workflow.ID, of workflow.Ref, reason string) (*KnownError, error) {
	return s.run(ctx, actor, id, "unlink", func(st *step) error {
		if err := st.authorize(s.cfg.UseRoles...); err != nil {
			return err
		}
		var p workflow.Problems
		checkText(&p, "the reason", reason, true)
		if err := p.Err("knownerror: unlinking from " + st.k.Name()); err != nil {
			return err
		}
		u, err := s.use(st.tx, id, of)
		if err != nil {
			return err
		}
		if !u.Linked {
			return fmt.Errorf("knownerror: %v is not linked to %s: %w", of, st.k.Name(), workflow.ErrNotFound)
		}
		st.k.Linked--
		u.Linked, u.By, u.Revision, u.State = false, "", 0, stateUsed
		return s.uses.Put(st.tx, u, workflow.Entry{Note: reason})
	})
}

// Rate says whether the known error helped in a case, with a remark that may be empty.
// Of several verdicts on a case the last counts. One that does not help, and why, is
// told to the owner. It must have been published: who follows one that is retired
// meanwhile may still say what came of it.
func (s *Service) Rate(ctx context.Context, actor workflow.Actor, id workflow.ID, of workflow.Ref, v Verdict, remark string) (*KnownError, error) {
	return s.run(ctx, actor, id, "rate", func(st *step) error {
		if err := st.authorize(s.cfg.UseRoles...); err != nil {
			return err
		}
		if err := st.wasPublished(); err != nil {
			return err
		}
		var p workflow.Problems
		checkText(&p, "the remark", remark, false)
		if v != Helped && v != NotHelped {
			p.Addf("verdict %.32q, want %s or %s", string(v), Helped, NotHelped)
		}
		if err := p.Err("knownerror: rating " + st.k.Name()); err != nil {
			return err
		}
		u, err := s.use(st.tx, id, of)
		if err != nil {
			return err
		}
		again := u.Verdict == v && u.Remark == remark
		u.Verdict, u.RatedBy, u.Remark, u.Title = v, actor.ID, remark, st.k.Name()
		if err := s.uses.Put(st.tx, u, workflow.Entry{}); err != nil || again || v == Helped {
			return err
		}
		return st.tell(TopicRated, remark, st.k.Owner)
	})
}

// TopicRated is the topic of the messages, each with a [Notice], that a known error did
// not help.
const TopicRated = "known_error.rated"

// Uses yields what a known error was used for, in the order of the ids of the uses.
func (s *Service) Uses(ctx context.Context, id workflow.ID) iter.Seq2[*Use, error] {
	return s.uses.Find(ctx, s.desk.Store(), workflow.Query{Where: []workflow.Condition{workflow.Is(indexKnownError, workflow.IDKey(id))}})
}

// UsesOf yields the known errors that were used for a case.
func (s *Service) UsesOf(ctx context.Context, of workflow.Ref) iter.Seq2[*Use, error] {
	return s.uses.Find(ctx, s.desk.Store(), workflow.Query{Where: []workflow.Condition{workflow.Is(indexCase, workflow.StringKey(of.String()))}})
}

// Usage counts the cases for which a known error was of use, or not.
type Usage struct {
	Suggested int `json:"suggested"`
	Linked    int `json:"linked"`
	Helped    int `json:"helped"`
	NotHelped int `json:"not_helped"`
}

// Usage counts what a known error was used for. A catalogue has the same figures at
// hand, in each [Suggestion].
func (s *Service) Usage(ctx context.Context, id workflow.ID) (Usage, error) {
	var n Usage
	for u, err := range s.Uses(ctx, id) {
		if err != nil {
			return Usage{}, err
		}
		n = n.plus(u, 1)
	}
	return n, nil
}

func (n Usage) plus(u *Use, by int) Usage {
	count := func(is bool, to *int) {
		if is {
			*to += by
		}
	}
	count(u.Suggested, &n.Suggested)
	count(u.Linked, &n.Linked)
	count(u.Verdict == Helped, &n.Helped)
	count(u.Verdict == NotHelped, &n.NotHelped)
	return n
}

// Usefulness is the share of verdicts that a known error helped, from 0 to 1, so low that
// it is above that with 97.5 % confidence: the lower bound of Wilson's interval of 95 %
// (1927). Few verdicts say little: one of one gives 0.21, 95 of 100 give 0.89.
func (n Usage) Usefulness() float64 { return wilson(n.Helped, n.Helped+n.NotHelped) }

func wilson(part, all int) float64 {
	if all == 0 {
		return 0
	}
	const z = 1.959964
	n, share := float64(all), float64(part)/float64(all)
	middle := share + z*z/(2*n)
	spread := z * math.Sqrt((share*(1-share)+z*z/(4*n))/n)
	return max(0, (middle-spread)/(1+z*z/n))
}
