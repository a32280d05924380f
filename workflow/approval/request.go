package approval

import (
	"fmt"
	"slices"
	"time"
)

// Status is how far a request or one of its stages is.
type Status string

// The statuses. A request is Blocked while one of its stages can never be approved
// by the people there are; it needs somebody to look after it.
const (
	Waiting         Status = "waiting" // its turn is still to come
	Requested       Status = "requested"
	Approved        Status = "approved"
	Rejected        Status = "rejected"
	Blocked         Status = "blocked"
	Cancelled       Status = "cancelled"
	NoLongerNeeded  Status = "no_longer_required" // another stage has decided
	NothingToDecide Status = "not_required"       // the policy says that nothing has to be approved
)

// Final reports whether nothing will be decided any more.
func (s Status) Final() bool {
	return s != Waiting && s != Requested && s != Blocked
}

// Exclusion is a person who must not decide, and why: "requester".
type Exclusion struct {
	Person string `json:"person"`
	Why    string `json:"why"`
}

// Case is what is put to the approvers: what the policy may know of the record,
// and who is part of it.
type Case struct {
	Facts    Facts       `json:"facts,omitempty"`
	Excluded []Exclusion `json:"excluded,omitempty"`
}

// Request is one approval under way: a value that the commands of this package
// take and return anew. It is data and nothing else, and keeps the policy it was
// begun with, so an edited policy changes no request.
type Request struct {
	Policy    Policy    `json:"policy"`
	Case      Case      `json:"case"`   // as it was put to the approvers
	Digest    string    `json:"digest"` // of the material facts, see [Digest]
	Round     int       `json:"round"`  // from 1; counted on by [Request.Reset]
	Status    Status    `json:"status"`
	Reason    string    `json:"reason,omitempty"` // why it is as it is
	Suspended bool      `json:"suspended,omitempty"`
	Panels    []Panel   `json:"panels,omitempty"` // one for each stage that applies, in order
	Opened    time.Time `json:"opened"`
	Decided   time.Time `json:"decided,omitzero"`
	Updated   time.Time `json:"updated"` // the last command
}

// Panel is one stage at work.
type Panel struct {
	Stage   string      `json:"stage"`
	Status  Status      `json:"status"`
	Reason  string      `json:"reason,omitempty"`
	Needs   []string    `json:"needs,omitempty"` // what is missing for approval, in words
	Seats   []Seat      `json:"seats,omitempty"` // the people who are asked, by name
	Left    []Exclusion `json:"left,omitempty"`  // who would be asked but must not decide, and why
	Ballots []Ballot    `json:"ballots,omitempty"`
	Asked   time.Time   `json:"asked,omitzero"`
	Due     time.Time   `json:"due,omitzero"`
	Overdue bool        `json:"overdue,omitempty"` // it was due and has escalated

	ClosedBy string    `json:"closed_by,omitempty"` // the vote was closed before everybody had voted
	Decided  time.Time `json:"decided,omitzero"`
}

// Seat is a person who is asked.
type Seat struct {
	Person  string `json:"person"`
	From    []int  `json:"from"`              // the selectors of the stage that name the person
	Recused string `json:"recused,omitempty"` // the person does not take part, and why
}

// Open puts a case to the approvers that the policy names for it. Nobody who is
// excluded is asked. A stage for which too few people are left is Blocked, and so is
// a case for which the policy has no stage, unless it says that none is needed. The
// error matches [ErrInvalid] if the policy or the case is wrong, or wraps what the
// host could not answer; then there is no request.
func Open(p Policy, c Case, h Host, at time.Time) (Request, error) {
	if err := p.Validate(); err != nil {
		return Request{}, err
	}
	r := Request{Policy: p.Clone(), Round: 1}
	if err := r.begin(c, h, at); err != nil {
		return Request{}, err
	}
	return r, nil
}

// begin starts a round.
func (r *Request) begin(c Case, h Host, at time.Time) error {
	if err := c.validate(); err != nil {
		return err
	}
	stages, err := r.Policy.matching(c.Facts)
	if err != nil {
		return fmt.Errorf("approval: policy %s: %w: %w", r.Policy.Name, ErrInvalid, err)
	}
	r.Case = c.clone()
	r.Digest = Digest(c.Facts, r.Policy.material())
	r.Status, r.Reason, r.Suspended = Requested, "", false
	r.Opened, r.Updated, r.Decided = at.UTC(), at.UTC(), time.Time{}
	r.Panels = nil
	for _, name := range stages {
		r.Panels = append(r.Panels, Panel{Stage: name, Status: Waiting})
	}
	switch {
	case len(stages) > 0:
		return r.proceed(h, at)
	case r.Policy.NoneNeeded:
		r.finish(NothingToDecide, "no stage of the policy applies, and it says that then none is needed", at)
	default:
		r.Status, r.Reason = Blocked, "no stage of the policy applies, and it does not say that then none is needed"
	}
	return nil
}

// proceed seats the people of all stages that are not decided and goes on as far as
// the votes lead: it asks the next stage, or ends the request.
func (r *Request) proceed(h Host, at time.Time) error {
	for i := range r.Panels {
		if p := &r.Panels[i]; !p.Status.Final() {
			if err := r.seatPeople(p, h, at); err != nil {
				return err
			}
		}
	}
	return r.settle(h, at)
}

// settle judges the open stage, and those behind it as far as it takes to know
// whether they can ever be approved.
func (r *Request) settle(h Host, at time.Time) error {
	var blocked *Panel
	asking := false
	for i := range r.Panels {
		p := &r.Panels[i]
		if p.Status == Approved {
			continue
		}
		if p.Status == Rejected {
			r.end(p, at)
			return nil
		}
		v := r.stage(p).judge(p)
		p.Reason, p.Needs = v.reason, v.needs
		switch {
		case v.status == Blocked:
			p.Status = Blocked
			if blocked == nil {
				blocked = p
			}
		case asking:
			p.Status = Waiting
		case v.status == Requested:
			if err := r.ask(p, h, at); err != nil {
				return err
			}
		default:
			p.decide(v.status, v.reason, at)
			if v.status == Rejected {
				r.end(p, at)
				return nil
			}
			continue
		}
		asking = true
	}
	switch {
	case blocked != nil:
		r.Status, r.Reason = Blocked, "stage "+blocked.Stage+": "+blocked.Reason
	case asking:
		r.Status, r.Reason = Requested, ""
	default:
		r.finish(Approved, "every stage that applies is approved", at)
	}
	return nil
}

// ask begins a stage, whose approvers are told now and whose time begins to run.
func (r *Request) ask(p *Panel, h Host, at time.Time) error {
	p.Status = Requested
	if !p.Asked.IsZero() {
		return nil
	}
	p.Asked = at.UTC()
	return r.setDue(p, h, at)
}

func (p *Panel) decide(s Status, reason string, at time.Time) {
	p.Status, p.Reason, p.Needs, p.Decided = s, reason, nil, at.UTC()
}

// end rejects the request because one of its stages was; nobody else is needed.
func (r *Request) end(because *Panel, at time.Time) {
	r.finish(Rejected, "stage "+because.Stage+": "+because.Reason, at)
}

// finish ends the request. Whoever is still asked is told that it is no longer
// required.
func (r *Request) finish(s Status, reason string, at time.Time) {
	r.Status, r.Reason, r.Decided, r.Suspended = s, reason, at.UTC(), false
	for i := range r.Panels {
		if p := &r.Panels[i]; !p.Status.Final() {
			p.Status, p.Needs = NoLongerNeeded, nil
		}
	}
}

// Granted reports whether the request lets the record go on: every stage that the
// policy demands is approved, or it demands none, and it is not on hold.
func (r *Request) Granted() bool {
	return (r.Status == Approved || r.Status == NothingToDecide) && !r.Suspended
}

// open returns the panel that is being decided, or nil.
func (r *Request) open() *Panel {
	if r.Status.Final() {
		return nil
	}
	for i := range r.Panels {
		if p := &r.Panels[i]; p.Status != Approved {
			if p.Status == Requested {
				return p
			}
			return nil // the one whose turn it is is blocked
		}
	}
	return nil
}

// Current returns the name of the stage that is being decided, or the empty string.
func (r *Request) Current() string {
	if p := r.open(); p != nil {
		return p.Stage
	}
	return ""
}

// Panel returns a copy of the panel of a stage.
func (r *Request) Panel(stage string) (Panel, bool) {
	i := slices.IndexFunc(r.Panels, func(p Panel) bool { return p.Stage == stage })
	if i < 0 {
		return Panel{}, false
	}
	return r.Panels[i].clone(), true
}

// Pending lists who is asked now and has not voted, by name. It is empty while the
// request is on hold.
func (r *Request) Pending() []string {
	p := r.open()
	if p == nil || r.Suspended {
		return nil
	}
	var names []string
	for _, s := range p.Seats {
		if s.Recused == "" && p.covering(s.Person) == nil {
			names = append(names, s.Person)
		}
	}
	return names
}

// Voters lists everybody whose vote stands in the present round, by name.
func (r *Request) Voters() []string {
	var names []string
	for _, p := range r.Panels {
		for _, b := range p.Ballots {
			names = append(names, b.By)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *Request) stage(p *Panel) *Stage {
	return &r.Policy.Stages[r.Policy.index(p.Stage)]
}

// seat returns the person's seat, or nil.
func (p *Panel) seat(person string) *Seat {
	i, ok := slices.BinarySearchFunc(p.Seats, person, func(s Seat, name string) int { return compare(s.Person, name) })
	if !ok {
		return nil
	}
	return &p.Seats[i]
}

// of lists who may decide by a selector.
func (p *Panel) of(selector int) []string {
	var names []string
	for _, s := range p.Seats {
		if s.Recused == "" && slices.Contains(s.From, selector) {
			names = append(names, s.Person)
		}
	}
	return names
}

// Clone returns a copy that shares nothing with r.
func (r *Request) Clone() Request {
	c := *r
	c.Policy = r.Policy.Clone()
	c.Case = r.Case.clone()
	c.Panels = slices.Clone(r.Panels)
	for i := range c.Panels {
		c.Panels[i] = r.Panels[i].clone()
	}
	return c
}

func (p *Panel) clone() Panel {
	c := *p
	c.Needs, c.Seats, c.Left, c.Ballots = slices.Clone(p.Needs), slices.Clone(p.Seats), slices.Clone(p.Left), slices.Clone(p.Ballots)
	for i := range c.Seats {
		c.Seats[i].From = slices.Clone(c.Seats[i].From)
	}
	for i := range c.Ballots {
		c.Ballots[i] = c.Ballots[i].clone()
	}
	return c
}
