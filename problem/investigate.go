package problem

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/problem/rca"
	"github.com/itsm-go/itsm/workflow"
)

// Assess begins to look whether there is a problem, and how severe it is. Somebody
// must have been assigned. The work note of this and the other steps may be empty
// unless the problem is a major one.
func (s *Service) Assess(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Problem, error) {
	return s.run(ctx, actor, id, ActionAssess, func(st *step) error { return st.fire(ActionAssess, note) })
}

// Confirm says that it is a problem indeed: now its cause is looked for.
func (s *Service) Confirm(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Problem, error) {
	return s.run(ctx, actor, id, ActionConfirm, func(st *step) error { return st.fire(ActionConfirm, note) })
}

// Fix begins to remove the cause, and says how.
func (s *Service) Fix(ctx context.Context, actor workflow.Actor, id workflow.ID, how string) (*Problem, error) {
	return s.run(ctx, actor, id, ActionFix, func(st *step) error {
		st.p.FixNotes = how
		return st.fire(ActionFix, how)
	})
}

// Finding is what is said of the cause of a problem.
type Finding struct {
	Text     string   `json:"text"`
	Evidence string   `json:"evidence,omitempty"` // what shows that it is so
	Factors  []string `json:"factors,omitempty"`  // what contributed, without being the cause
}

// Cause is the cause of a problem, as far as it is known.
type Cause struct {
	Finding
	At          time.Time `json:"at"`
	By          string    `json:"by"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
	ConfirmedBy string    `json:"confirmed_by,omitempty"`
}

// MaxFactors is the most contributing factors of one problem.
const MaxFactors = 100

func (f Finding) check(what string, evidence bool) error {
	var p workflow.Problems
	checkText(&p, "the cause", f.Text, true)
	checkText(&p, "the evidence", f.Evidence, evidence)
	if len(f.Factors) > MaxFactors {
		p.Addf("%d contributing factors, at most %d", len(f.Factors), MaxFactors)
	}
	for i, x := range f.Factors {
		if x == "" || len(x) > workflow.MaxTitle {
			p.Addf("contributing factor %d has 1 to %d bytes", i+1, workflow.MaxTitle)
		}
	}
	return p.Err(what)
}

// SuspectCause writes down what the cause may be. One that is confirmed is not put in
// doubt again but by [Service.Reanalyse].
func (s *Service) SuspectCause(ctx context.Context, actor workflow.Actor, id workflow.ID, f Finding) (*Problem, error) {
	return s.run(ctx, actor, id, "suspect_cause", func(st *step) error {
		if err := st.authorize(RoleManager, RoleCoordinator, RoleAssignee, RoleAnalyst, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		if st.p.CauseConfirmed() {
			return fmt.Errorf("problem: the cause of %s is confirmed, re-analyse it first: %w", st.p.Name(), workflow.ErrTransition)
		}
		if err := f.check("problem: cause of "+st.p.Name(), false); err != nil {
			return err
		}
		st.p.Cause = &Cause{Finding: f.clone(), At: st.tx.Now(), By: actor.ID}
		return nil
	})
}

// ConfirmCause says what the cause is, and what shows that it is so.
func (s *Service) ConfirmCause(ctx context.Context, actor workflow.Actor, id workflow.ID, f Finding) (*Problem, error) {
	return s.run(ctx, actor, id, "confirm_cause", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		if err := f.check("problem: cause of "+st.p.Name(), true); err != nil {
			return err
		}
		c := Cause{Finding: f.clone(), At: st.tx.Now(), By: actor.ID, ConfirmedAt: st.tx.Now(), ConfirmedBy: actor.ID}
		if old := st.p.Cause; old != nil && old.Text == f.Text {
			c.At, c.By = old.At, old.By
		}
		st.p.Cause, st.p.Exception = &c, nil
		return nil
	})
}

func (f Finding) clone() Finding {
	f.Factors = slices.Clone(f.Factors)
	return f
}

// Exception says why a problem is fixed though its cause is not confirmed: the device
// was replaced, say.
type Exception struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
}

// ExceptCause lets the problem be fixed without a confirmed cause. It is for problem
// managers.
func (s *Service) ExceptCause(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Problem, error) {
	return s.run(ctx, actor, id, "except_cause", func(st *step) error {
		if err := st.authorize(RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		var p workflow.Problems
		checkText(&p, "the reason", reason, true)
		if st.p.CauseConfirmed() {
			p.Addf("the cause is confirmed, there is nothing to except")
		}
		if err := p.Err("problem: exception for " + st.p.Name()); err != nil {
			return err
		}
		st.note = reason
		st.p.Exception = &Exception{Reason: reason, At: st.tx.Now(), By: actor.ID}
		return nil
	})
}

// Analysis is a version of the analysis of the root cause. The document is a
// [github.com/itsm-go/itsm/problem/rca.Analysis], unless [Config.CheckAnalysis] says
// otherwise.
type Analysis struct {
	Version  int       `json:"version"` // 1, 2, …
	Document []byte    `json:"document"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
}

// MaxAnalysis is the most bytes of an analysis.
const MaxAnalysis = 512 << 10

// SaveAnalysis keeps a version of the analysis, a JSON document of at most
// [MaxAnalysis] bytes. Base is the version it was made from, 0 for none: if somebody
// else has saved another since, nothing is overwritten and the error matches
// [ErrStale]. Earlier versions stay in the history, see [Service.AnalysisAt].
func (s *Service) SaveAnalysis(ctx context.Context, actor workflow.Actor, id workflow.ID, base int, document []byte) (*Problem, error) {
	return s.run(ctx, actor, id, "save_analysis", func(st *step) error {
		if err := st.authorize(RoleManager, RoleCoordinator, RoleAssignee, RoleAnalyst, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		if len(document) > MaxAnalysis || !json.Valid(document) || !utf8.Valid(document) {
			return fmt.Errorf("problem: %s: an analysis is a JSON document in UTF-8 of at most %d bytes: %w", st.p.Name(), MaxAnalysis, workflow.ErrInvalid)
		}
		if err := s.cfg.CheckAnalysis(document); err != nil {
			return fmt.Errorf("problem: analysis of %s: %w", st.p.Name(), err)
		}
		have := 0
		if st.p.Analysis != nil {
			have = st.p.Analysis.Version
		}
		if have != base {
			return fmt.Errorf("problem: %s: the analysis is at version %d and was made from version %d: %w: %w", st.p.Name(), have, base, ErrStale, workflow.ErrInvalid)
		}
		st.p.Analysis = &Analysis{Version: have + 1, Document: bytes.Clone(document), At: st.tx.Now(), By: actor.ID}
		return nil
	})
}

// AnalysisAt reads a version of the analysis out of the history.
func (s *Service) AnalysisAt(ctx context.Context, id workflow.ID, version int) (*Analysis, error) {
	var replay workflow.Replayer
	for e, err := range s.desk.Store().Events(ctx, "", workflow.Filter{Record: s.kind.Ref(id)}) {
		if err != nil {
			return nil, err
		}
		if err := replay.Apply(e); err != nil {
			return nil, err
		}
		if e.Type != "problem.save_analysis" {
			continue
		}
		raw, err := replay.State()
		if err != nil {
			return nil, err
		}
		var body struct {
			Analysis *Analysis `json:"analysis"`
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			return nil, err
		}
		if body.Analysis != nil && body.Analysis.Version == version {
			return body.Analysis, nil
		}
	}
	return nil, fmt.Errorf("problem: %s has no version %d of an analysis: %w", id, version, workflow.ErrNotFound)
}

func checkAnalysis(document []byte) error {
	_, err := rca.Parse(document)
	return err
}

// FindingOf returns what an analysis has found, for [Service.ConfirmCause]: its confirmed
// root causes, with their evidence, and the contributing factors that are not refuted. A
// cause counts only if everything on the way to it is confirmed too. The error matches
// [ErrCauseUnknown] if there is none, and tells what is left to verify.
func FindingOf(a rca.Analysis) (Finding, error) {
	var f Finding
	var open []string
	for _, c := range a.RootCauses() {
		if len(c.Open) > 0 {
			open = append(open, c.Open...)
			continue
		}
		if f.Text != "" {
			f.Text, f.Evidence = f.Text+"\n", f.Evidence+"\n"
		}
		f.Text, f.Evidence = f.Text+c.Text, f.Evidence+c.Evidence
	}
	if f.Text == "" {
		return Finding{}, fmt.Errorf("problem: the analysis %.64q confirms no root cause, %s: %w: %w", a.Title, leftOf(a, open), ErrCauseUnknown, workflow.ErrInvalid)
	}
	for _, x := range a.Factors {
		if x.Verdict != rca.Refuted {
			f.Factors = append(f.Factors, x.Text)
		}
	}
	return f, nil
}

// leftOf tells what is left to verify: what is open on the way to confirmed causes, and
// then what has nothing behind it.
func leftOf(a rca.Analysis, way []string) string {
	if a.Whys != nil {
		way = append(way, a.Whys.Open()...)
	}
	if a.Fishbone != nil {
		way = append(way, a.Fishbone.Open()...)
	}
	var open []string
	for _, text := range way {
		if !slices.Contains(open, text) {
			open = append(open, text)
		}
	}
	const most = 10
	switch n := len(open); {
	case n == 0:
		return "and names nothing that is left to verify"
	case n > most:
		return fmt.Sprintf("to be verified: %q and %d more", open[:most], n-most)
	}
	return fmt.Sprintf("to be verified: %q", open)
}
