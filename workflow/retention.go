package workflow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Disposition is what becomes of a record once its time is over.
type Disposition uint8

// The dispositions, from the weakest to the one that wins where several are due:
// what is archived must not be erased before.
const (
	DisposeRedact  Disposition = iota + 1 // remove values from it and its history
	DisposeErase                          // erase it and all that belongs to it
	DisposeArchive                        // give it and its history to a sink, then erase it
)

var dispositions = [...]string{"", "redact", "erase", "archive"}

// String gives "redact", "erase" or "archive".
func (d Disposition) String() string {
	if d.valid() {
		return dispositions[d]
	}
	return fmt.Sprintf("disposition(%d)", uint8(d))
}

func (d Disposition) valid() bool { return d >= DisposeRedact && d <= DisposeArchive }

// MarshalText implements [encoding.TextMarshaler].
func (d Disposition) MarshalText() ([]byte, error) {
	if !d.valid() {
		return nil, fmt.Errorf("workflow: disposition %d: %w", uint8(d), ErrInvalid)
	}
	return []byte(d.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown words.
func (d *Disposition) UnmarshalText(b []byte) error {
	i := slices.Index(dispositions[1:], string(b))
	if i < 0 {
		return fmt.Errorf("workflow: disposition %.32q, want redact, erase or archive: %w", b, ErrInvalid)
	}
	*d = Disposition(i + 1)
	return nil
}

// Age is a span of the civil calendar, counted in UTC.
type Age struct {
	Years  int `json:"years,omitempty"`
	Months int `json:"months,omitempty"`
	Days   int `json:"days,omitempty"`
}

// After returns the instant at which something of that date has the age.
func (a Age) After(t time.Time) time.Time { return t.UTC().AddDate(a.Years, a.Months, a.Days) }

// RetentionRule says how long records of a kind are kept, and what then.
type RetentionRule struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// States and Categories: the record is in one of these states, or in one that its
	// lifecycle puts in one of these categories. One at least is needed: a record that
	// is under way has no age.
	States     []string   `json:"states,omitempty"`
	Categories []Category `json:"categories,omitempty"`
	// Since is the index field, a [TimeKey], from which the age is counted. Default:
	// [IndexUpdated]. A record without that date is kept.
	Since  string      `json:"since,omitempty"`
	Age    Age         `json:"age"`
	Action Disposition `json:"action"`
	Mask   *Mask       `json:"mask,omitempty"` // for DisposeRedact; its Rule defaults to the name
}

// LegalHold keeps records whatever the rules say. It covers the records named, and
// those whose index has one of the keys in the field.
type LegalHold struct {
	Name    string   `json:"name"`
	Reason  string   `json:"reason"`
	Kinds   []string `json:"kinds,omitempty"` // for Field; empty = all
	Records []Ref    `json:"records,omitempty"`
	Field   string   `json:"field,omitempty"`
	Keys    []Key    `json:"keys,omitempty"`
}

func (h LegalHold) covers(doc Document) bool {
	if slices.Contains(h.Records, doc.Ref) {
		return true
	}
	if h.Field == "" || len(h.Kinds) > 0 && !slices.Contains(h.Kinds, doc.Kind) {
		return false
	}
	return slices.ContainsFunc(h.Keys, func(k Key) bool { return doc.Index.Has(h.Field, k) })
}

// RetentionConfig is the rules of one tenant.
type RetentionConfig struct {
	Rules []RetentionRule `json:"rules"`
	Holds []LegalHold     `json:"holds,omitempty"`
	// Lifecycles say which states belong to a category, by kind: every version that
	// records may still live by. Only kinds with rules by category need them.
	Lifecycles map[string][]Definition `json:"-"`
}

// MaxRules is the most rules, and the most holds, of one [Retention].
const MaxRules = 1000

// Retention is a compiled set of rules. It is immutable and safe for concurrent use.
type Retention struct {
	rules []RetentionRule
	holds []LegalHold
}

// NewRetention checks the rules and compiles them. The error lists every fault.
func NewRetention(cfg RetentionConfig) (*Retention, error) {
	var p Problems
	if len(cfg.Rules) > MaxRules || len(cfg.Holds) > MaxRules {
		p.Addf("at most %d rules and as many holds", MaxRules)
	}
	r := &Retention{}
	seen := map[string]bool{}
	for i, rule := range cfg.Rules {
		if seen[rule.Name] {
			p.Addf("rule %d: the name %q is there twice", i+1, rule.Name)
		}
		seen[rule.Name] = true
		p.Add(rule.compile(cfg.Lifecycles))
		r.rules = append(r.rules, rule)
	}
	for i, h := range cfg.Holds {
		if h.Name == "" || h.Reason == "" || len(h.Records) == 0 && (h.Field == "" || len(h.Keys) == 0) {
			p.Addf("hold %d (%.64q): needs a name, a reason, and records or a field with keys", i+1, h.Name)
		}
		h.Kinds, h.Records, h.Keys = slices.Clone(h.Kinds), slices.Clone(h.Records), slices.Clone(h.Keys)
		r.holds = append(r.holds, h)
	}
	return r, p.Err("workflow: retention")
}

// ParseRetention compiles rules written as JSON. Unknown properties are refused.
func ParseRetention(data []byte, lifecycles map[string][]Definition) (*Retention, error) {
	var cfg RetentionConfig
	if err := ParseJSON(data, "workflow: retention", &cfg); err != nil {
		return nil, err
	}
	cfg.Lifecycles = lifecycles
	return NewRetention(cfg)
}

func (r *RetentionRule) compile(lifecycles map[string][]Definition) error {
	var p Problems
	if !validName(r.Name) || !validName(r.Kind) || r.Kind == disposalKind {
		p.Addf("the name, or the kind %.64q, is none", r.Kind)
	}
	if a := r.Age; min(a.Years, a.Months, a.Days) < 0 || max(a.Years, a.Months/12, a.Days/365) > 1000 || a == (Age{}) {
		p.Addf("an age above zero and below a thousand years is needed")
	}
	states := slices.Clone(r.States)
	for _, c := range r.Categories {
		if !c.Valid() {
			p.Addf("unknown category %d", c)
		}
	}
	if len(r.Categories) > 0 {
		n := len(states)
		for _, d := range lifecycles[r.Kind] {
			for _, s := range d.States {
				if slices.Contains(r.Categories, s.Category) {
					states = append(states, s.Name)
				}
			}
		}
		if len(states) == n {
			p.Addf("no lifecycle of %s is given that has a state of category %v", r.Kind, r.Categories)
		}
	}
	slices.Sort(states)
	if r.States = slices.Compact(states); len(states) == 0 || len(states) > MaxInList {
		p.Addf("1 to %d states are needed: a record that is under way has no age", MaxInList)
	}
	if r.Since == "" {
		r.Since = IndexUpdated
	}
	switch {
	case !r.Action.valid():
		p.Addf("unknown action %d", r.Action)
	case (r.Action == DisposeRedact) != (r.Mask != nil):
		p.Addf("a mask is for redacting, and redacting needs one")
	case r.Mask != nil:
		m := *r.Mask
		m.Fields, m.Persons = slices.Clone(m.Fields), maps.Clone(m.Persons)
		if m.Rule == "" {
			m.Rule = r.Name
		}
		r.Mask = &m
		p.Add(m.Validate())
	}
	return p.Err(fmt.Sprintf("rule %.64q", r.Name))
}

// DueRecord is a record whose time is over.
type DueRecord struct {
	Ref     Ref         `json:"ref"`
	Version int64       `json:"version"`
	Rule    string      `json:"rule"`
	Action  Disposition `json:"action"`
	Since   time.Time   `json:"since"`
	DueAt   time.Time   `json:"due_at"`
	State   string      `json:"state"`
	Hold    string      `json:"hold,omitempty"`   // the legal hold that keeps it all the same
	Reason  string      `json:"reason,omitempty"` // of the hold
}

// String says in words why the record is due, for a dry run.
func (d DueRecord) String() string {
	s := fmt.Sprintf("%s %v version %d: %s since %s, due since %s by %s", d.Action, d.Ref, d.Version, d.State,
		d.Since.Format(time.DateOnly), d.DueAt.Format(time.DateOnly), d.Rule)
	if d.Hold != "" {
		s += fmt.Sprintf("; kept by legal hold %s (%s)", d.Hold, d.Reason)
	}
	return s
}

// Decide tells whether the record's time is over at now, and by which rule: of those
// that are due the one whose action weighs most, and of equals the first. It is pure.
func (r *Retention) Decide(doc Document, now time.Time) (DueRecord, bool) {
	var due DueRecord
	for _, rule := range r.rules {
		state := string(doc.Index.First(IndexState))
		since, err := time.Parse("2006-01-02T15:04:05.000000000Z", string(doc.Index.First(rule.Since)))
		at := rule.Age.After(since)
		if err != nil || rule.Kind != doc.Kind || !slices.Contains(rule.States, state) || at.After(now) || rule.Action <= due.Action {
			continue
		}
		due = DueRecord{Ref: doc.Ref, Version: doc.Version, Rule: rule.Name, Action: rule.Action, Since: since, DueAt: at, State: state}
	}
	if due.Action == 0 {
		return due, false
	}
	for _, h := range r.holds {
		if h.covers(doc) {
			due.Hold, due.Reason = h.Name, h.Reason
			break
		}
	}
	return due, true
}

// RetentionPlan is what [Retention.Plan] found: a dry run, and the input of
// [Retention.Apply].
type RetentionPlan struct {
	At   time.Time   `json:"at"`
	Due  []DueRecord `json:"due"`
	Next string      `json:"next,omitempty"` // where to go on; empty = this was all
}

// Plan lists records that are due at now, with those kept by a legal hold, which it
// names. It looks at up to limit candidates, and goes on from the Next of the plan
// before. It changes nothing. What was redacted before, and has not changed since, is
// not due again.
func (r *Retention) Plan(ctx context.Context, s Store, now time.Time, next string, limit int) (RetentionPlan, error) {
	plan := RetentionPlan{At: now.UTC()}
	first, cursor, err := r.resume(next)
	if err == nil && limit < 1 {
		err = fmt.Errorf("workflow: a plan of at least one record: %w", ErrInvalid)
	}
	if err != nil {
		return plan, err
	}
	seen := 0
	for i := first; i < len(r.rules); i++ {
		rule := &r.rules[i]
		q := rule.candidates(now, cursor, limit-seen)
		cursor = ""
		for doc, err := range s.Find(ctx, q) {
			if err != nil {
				return plan, err
			}
			seen++
			plan.Next = strconv.Itoa(i) + "/" + string(q.CursorAt(doc))
			due, is := r.Decide(doc, now)
			if !is || due.Rule != rule.Name {
				continue
			}
			if done, err := redactedBefore(ctx, s, due); err != nil {
				return plan, err
			} else if !done {
				plan.Due = append(plan.Due, due)
			}
		}
		if seen >= limit {
			return plan, nil
		}
	}
	plan.Next = ""
	return plan, nil
}

func (r *Retention) resume(next string) (int, Cursor, error) {
	if next == "" {
		return 0, "", nil
	}
	place, cursor, ok := strings.Cut(next, "/")
	i, err := strconv.Atoi(place)
	if !ok || err != nil || i < 0 || i >= len(r.rules) {
		return 0, "", fmt.Errorf("workflow: %.64q is not where a plan of these rules ended: %w", next, ErrInvalid)
	}
	return i, Cursor(cursor), nil
}

// candidates finds all that can be due and little else: months differ in length, so
// the age is given some days and decided exactly on each record.
func (r *RetentionRule) candidates(now time.Time, after Cursor, limit int) Query {
	before := now.UTC().AddDate(-r.Age.Years, -r.Age.Months, -r.Age.Days).AddDate(0, 0, 4)
	keys := make([]Key, len(r.States))
	for i, s := range r.States {
		keys[i] = StringKey(s)
	}
	return Query{Kind: r.Kind, Where: []Condition{In(IndexState, keys...), Below(r.Since, TimeKey(before))}, After: after, Limit: limit}
}
