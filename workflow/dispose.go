package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Disposal is a retention journal's entry: what was done about one record by one rule.
// It is a record itself, with a history, and outlives the one it is about. It names
// that by its id alone.
type Disposal struct {
	Record
	Of        Ref         `json:"of"`
	OfVersion int64       `json:"of_version"`
	Events    int         `json:"events"`
	Head      Hash        `json:"head,omitzero"` // the end of its history, to know an archived copy by; only if that betrays nothing
	Rule      string      `json:"rule"`
	Action    Disposition `json:"action"`
	DueAt     time.Time   `json:"due_at"`
	Removed   int         `json:"removed,omitempty"` // values taken out of its history
}

// The states of a [Disposal].
const (
	DisposalBegun = "begun" // to be gone on with
	DisposalDone  = "done"
)

const disposalKind = "retention"

var disposalSpace = derivedID(commandSpace, disposalKind)

// Disposals is the kind of the retention journal.
func Disposals() (*Kind[*Disposal], error) {
	return NewKind(KindConfig[*Disposal]{Name: disposalKind, New: func() *Disposal { return new(Disposal) },
		Index: func(d *Disposal) []IndexEntry {
			return []IndexEntry{{"of", StringKey(d.Of.String())}, {"rule", StringKey(d.Rule)}, {"action", StringKey(d.Action.String())}}
		}})
}

// disposalID is the one id of what is done about a record by a rule.
func disposalID(rule string, of Ref) ID { return derivedID(disposalSpace, rule+"\x00"+of.String()) }

func redactedBefore(ctx context.Context, s Store, due DueRecord) (bool, error) {
	if due.Action != DisposeRedact {
		return false, nil
	}
	kind, err := Disposals()
	if err != nil {
		return false, err
	}
	d, err := kind.Load(ctx, s, disposalID(due.Rule, due.Ref))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && d.State == DisposalDone && d.OfVersion == due.Version, err
}

// Archive takes records that are about to be erased. It may be given the same version
// of a record more than once and must then change nothing.
type Archive interface {
	Archive(ctx context.Context, doc Document, events []Event) error
}

// RetentionRun is what [Retention.Apply] works with.
type RetentionRun struct {
	Desk    *Desk
	By      Actor                 // needs [RolePrivacy]
	Kinds   map[string]Redactable // by name; for rules that redact
	Archive Archive               // for rules that archive
}

// RetentionReport tells what was done, in the order of the plan.
type RetentionReport struct {
	Done    []Disposal      `json:"done"`
	Held    []DueRecord     `json:"held,omitempty"`
	Skipped []SkippedRecord `json:"skipped,omitempty"`
}

// SkippedRecord is one that was no longer as it was when the plan was made.
type SkippedRecord struct {
	Due DueRecord `json:"due"`
	Why string    `json:"why"`
}

// Apply carries out a plan. Each record is decided on anew, as it stands now and at the
// instant of the plan, so a hold or a change that came in between wins; and each is
// entered in the journal, which is the proof of it, before and after. It stops at the
// first failure and tells what was done until then. It may be called again with the
// same plan, or a later one, after any failure.
func (r *Retention) Apply(ctx context.Context, run RetentionRun, plan RetentionPlan) (RetentionReport, error) {
	var report RetentionReport
	w, err := r.worker(run)
	if err != nil {
		return report, err
	}
	if err := w.recover(ctx, &report); err != nil {
		return report, err
	}
	for _, due := range plan.Due {
		if err := w.apply(ctx, &report, due, plan.At); err != nil {
			return report, fmt.Errorf("workflow: retention, %v: %w", due, err)
		}
	}
	return report, nil
}

// disposer is a [Retention] at work.
type disposer struct {
	*Retention
	RetentionRun
	store   Store
	eraser  Eraser
	journal *Kind[*Disposal]
}

func (r *Retention) worker(run RetentionRun) (*disposer, error) {
	var p Problems
	if run.Desk == nil {
		return nil, fmt.Errorf("workflow: retention needs a desk: %w", ErrInvalid)
	}
	w := &disposer{Retention: r, RetentionRun: run, store: run.Desk.Store()}
	var err error
	if w.journal, err = Disposals(); err != nil {
		return nil, err
	}
	for _, rule := range r.rules {
		switch {
		case rule.Action == DisposeRedact && run.Kinds[rule.Kind] == nil:
			p.Addf("rule %s redacts: the kind %s is missing", rule.Name, rule.Kind)
		case rule.Action == DisposeArchive && run.Archive == nil:
			p.Addf("rule %s archives: there is no archive", rule.Name)
		}
		if rule.Action >= DisposeErase && w.eraser == nil {
			if w.eraser, err = eraserOf(w.store); err != nil {
				return nil, err
			}
		}
	}
	return w, p.Err("workflow: retention")
}

// recover ends what a run before began: a record that is gone was erased.
func (w *disposer) recover(ctx context.Context, report *RetentionReport) error {
	begun := w.journal.Find(ctx, w.store, Query{Where: []Condition{Is(IndexState, DisposalBegun)}})
	for d, err := range begun {
		if err != nil {
			return err
		}
		if _, err := w.store.Get(ctx, d.Of); !errors.Is(err, ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		if err := w.enter(ctx, report, *d, DisposalDone); err != nil {
			return err
		}
	}
	return nil
}

func (w *disposer) apply(ctx context.Context, report *RetentionReport, planned DueRecord, now time.Time) error {
	skip := func(why string) error {
		report.Skipped = append(report.Skipped, SkippedRecord{planned, why})
		return nil
	}
	doc, err := w.store.Get(ctx, planned.Ref)
	if errors.Is(err, ErrNotFound) {
		return skip("it is not there")
	}
	if err != nil {
		return err
	}
	due, is := w.Decide(doc, now)
	switch {
	case !is || due.Rule != planned.Rule:
		return skip("it is not due any more by this rule")
	case due.Hold != "":
		report.Held = append(report.Held, due)
		return nil
	}
	if done, err := redactedBefore(ctx, w.store, due); err != nil || done {
		return errors.Join(err, skip("it was done before"))
	}
	events, err := History(ctx, w.store, doc.Ref)
	if err != nil {
		return err
	}
	d := Disposal{Of: doc.Ref, OfVersion: doc.Version, Events: len(events), Rule: due.Rule, Action: due.Action, DueAt: due.DueAt}
	if !slices.ContainsFunc(events, func(e Event) bool { return !e.salted() }) {
		d.Head = doc.Head // no hash of values themselves leads to it
	}
	if err := w.enter(ctx, report, d, DisposalBegun); err != nil {
		return err
	}
	switch err := w.dispose(ctx, &d, doc, events); {
	case errors.Is(err, ErrConflict):
		return skip("it changed meanwhile")
	case err != nil:
		return err
	}
	return w.enter(ctx, report, d, DisposalDone)
}

func (w *disposer) dispose(ctx context.Context, d *Disposal, doc Document, events []Event) error {
	if d.Action == DisposeRedact {
		i := slices.IndexFunc(w.rules, func(r RetentionRule) bool { return r.Name == d.Rule })
		done, err := Redact(ctx, w.Desk, w.Kinds[d.Of.Kind], d.Of.ID, w.By, *w.rules[i].Mask)
		if done.Version > 0 {
			d.OfVersion = done.Version
		}
		d.Removed = done.Removed
		return err
	}
	if d.Action == DisposeArchive {
		if err := w.Archive.Archive(ctx, doc, events); err != nil {
			return err
		}
	}
	return w.eraser.Erase(ctx, Erasure{doc.Ref, doc.Version})
}

// enter writes the journal, and the report once it is done.
func (w *disposer) enter(ctx context.Context, report *RetentionReport, d Disposal, state string) error {
	id := disposalID(d.Rule, d.Of)
	_, err := w.Desk.Do(ctx, Command{Name: "retention." + state, Actor: w.By}, func(tx *Tx) error {
		if err := tx.Authorize(Access{Ref: w.journal.Ref(id), Roles: []string{RolePrivacy}}); err != nil {
			return err
		}
		d.Record = Record{Title: d.Rule, State: state}
		old, err := w.journal.GetOrCreate(tx, id, func() *Disposal {
			fresh := d
			return &fresh
		})
		if err != nil {
			return err
		}
		d.Record = old.Record
		d.State = state
		return w.journal.Put(tx, &d, Entry{})
	})
	if err == nil && state == DisposalDone {
		report.Done = append(report.Done, d)
	}
	return err
}
