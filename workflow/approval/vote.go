package approval

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Choice is what a voter says.
type Choice string

// The choices.
const (
	Approve Choice = "approve"
	Reject  Choice = "reject"
	Abstain Choice = "abstain" // counted among those asked, on neither side
)

// Ballot is the vote of one person in one stage. A person has one ballot, whoever
// he votes for.
type Ballot struct {
	By        string    `json:"by"`
	Choice    Choice    `json:"choice"`
	For       []string  `json:"for"`           // the seats it stands for, by name
	Via       []string  `json:"via,omitempty"` // everybody over whom it was delegated
	Comment   string    `json:"comment,omitempty"`
	Signature string    `json:"signature,omitempty"`
	At        time.Time `json:"at"`
}

func (b Ballot) clone() Ballot {
	b.For, b.Via = slices.Clone(b.For), slices.Clone(b.Via)
	return b
}

// Vote is what somebody wants to say.
type Vote struct {
	By      string `json:"by"`
	Choice  Choice `json:"choice"`
	Comment string `json:"comment,omitempty"` // needed to reject

	// For names the people for whom the vote is. Empty: for the voter himself if
	// he is asked, and otherwise for everybody he may vote for who has not voted.
	For []string `json:"for,omitempty"`
	// Stage and Round, if given, must be the ones being decided: a vote that was
	// meant for another one is refused, and not counted for this.
	Stage string `json:"stage,omitempty"`
	Round int    `json:"round,omitempty"`

	Signature string `json:"signature,omitempty"`
}

// Statement is what a signature stands for, in one text: what was approved, by
// whom, for whom, and how. A host has it signed, or asks for the password again.
type Statement struct {
	Policy  string   `json:"policy"`
	Version int      `json:"version"`
	Round   int      `json:"round"`
	Stage   string   `json:"stage"`
	Digest  string   `json:"digest"` // of what is approved
	By      string   `json:"by"`
	For     []string `json:"for"`
	Choice  Choice   `json:"choice"`
}

// String writes the statement in one line.
func (s Statement) String() string {
	return fmt.Sprintf("%q version %d round %d stage %q digest %s: %q for %q: %s", s.Policy, s.Version, s.Round, s.Stage, s.Digest, s.By, s.For, s.Choice)
}

// Verifier checks a signature against the statement it is for. An error refuses
// the vote.
type Verifier func(s Statement, signature string) error

// Vote casts a vote, in place of an earlier one of the same voter. Until a stage is
// decided, votes may change. Whoever votes for himself takes his vote back from a
// delegate; a delegate cannot take it from him. verify may be nil if no stage needs
// signatures. The error is a [*RefusalError] that matches [ErrNotOpen],
// [ErrSuspended], [ErrConflictOfInterest], [ErrNotEligible], [ErrComment],
// [ErrSignature] or [ErrOutOfOrder], or matches [ErrInvalid].
func (r *Request) Vote(v Vote, h Host, verify Verifier, at time.Time) (Request, error) {
	if err := v.validate(); err != nil {
		return Request{}, err
	}
	n, p, err := r.command(v.By, v.Stage, v.Round, at)
	if err != nil {
		return Request{}, err
	}
	if err := n.seatPeople(p, h, at); err != nil {
		return Request{}, err
	}
	b, err := n.ballot(p, v, h, at)
	if err != nil {
		return Request{}, err
	}
	if err := n.sign(p, b, verify); err != nil {
		return Request{}, err
	}
	p.cast(b)
	return n, n.settle(h, at)
}

func (v Vote) validate() error {
	var faults problems
	if !validText(v.By) {
		faults.addf("the voter %s", textRule)
	}
	if v.Choice != Approve && v.Choice != Reject && v.Choice != Abstain {
		faults.addf("choice %.64q, must be approve, reject or abstain", v.Choice)
	}
	for _, text := range []string{v.Comment, v.Signature} {
		if len(text) > MaxText || !utf8.ValidString(text) {
			faults.addf("comment and signature must be text of at most %d bytes", MaxText)
		}
	}
	return faults.err("vote")
}

// command begins a command on the open stage, on a copy of the request.
func (r *Request) command(by, stage string, round int, at time.Time) (Request, *Panel, error) {
	n := r.Clone()
	p := n.open()
	refuse := func(cause error, format string, args ...any) (Request, *Panel, error) {
		return Request{}, nil, n.refuse(by, cause, format, args...)
	}
	switch {
	case at.Before(n.Updated):
		return refuse(ErrOutOfOrder, "at %s, before the last command at %s", at.UTC().Format(time.RFC3339Nano), n.Updated.Format(time.RFC3339Nano))
	case n.Suspended:
		return refuse(ErrSuspended, "the request is on hold")
	case p == nil:
		return refuse(ErrNotOpen, "the request is %s%s", n.Status, because(n.Reason))
	case stage != "" && stage != p.Stage:
		return refuse(ErrNotOpen, "stage %.64q is not the one being decided, which is %s", stage, p.Stage)
	case round != 0 && round != n.Round:
		return refuse(ErrNotOpen, "the vote is for round %d, this is round %d", round, n.Round)
	}
	n.Updated = at.UTC()
	return n, p, nil
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// refuse tells why, and who could have.
func (r *Request) refuse(person string, cause error, format string, args ...any) error {
	return &RefusalError{Policy: r.Policy.Name, Stage: r.Current(), Person: person, Rule: fmt.Sprintf(format, args...), Allowed: r.Pending(), cause: cause}
}

// ballot works out for whom the vote counts.
func (r *Request) ballot(p *Panel, v Vote, h Host, at time.Time) (Ballot, error) {
	b := Ballot{By: v.By, Choice: v.Choice, Comment: v.Comment, Signature: v.Signature, At: at.UTC()}
	ds, err := r.inForce(h, at)
	if err != nil {
		return b, err
	}
	out := exclusions(r.Case.Excluded, ds)
	if why := out[v.By]; why != "" {
		return b, r.refuse(v.By, ErrConflictOfInterest, "whoever is part of it does not decide: %s is %s", v.By, why)
	}
	if s := p.seat(v.By); s != nil && s.Recused != "" {
		return b, r.refuse(v.By, ErrConflictOfInterest, "has recused himself: %s", s.Recused)
	}
	if v.Choice == Reject && strings.TrimSpace(v.Comment) == "" {
		return b, r.refuse(v.By, ErrComment, "a rejection says why")
	}
	ways := r.principals(p, v.By, ds, out)
	if len(ways) == 0 {
		return b, r.refuse(v.By, ErrNotEligible, "is not asked, and nobody who is has delegated the vote to him")
	}
	if b.For, err = r.votesFor(p, v, ways); err != nil {
		return b, err
	}
	for _, name := range b.For {
		for _, person := range ways[name] {
			if person != v.By && !slices.Contains(b.Via, person) {
				b.Via = append(b.Via, person)
			}
		}
	}
	slices.Sort(b.Via)
	return b, nil
}

// votesFor lists the seats a vote stands for.
func (r *Request) votesFor(p *Panel, v Vote, ways map[string][]string) ([]string, error) {
	if len(v.For) == 0 {
		if ways[v.By] != nil {
			return r.keeping(p, v.By, []string{v.By}, ways), nil
		}
		v.For = slices.DeleteFunc(sortedKeys(ways), func(name string) bool { return p.own(name) })
		if len(v.For) == 0 {
			return nil, r.refuse(v.By, ErrNotEligible, "everybody he may vote for has voted himself")
		}
	}
	for _, name := range v.For {
		if ways[name] == nil {
			return nil, r.refuse(v.By, ErrNotEligible, "may not vote for %.64q", name)
		}
		if name != v.By && p.own(name) {
			return nil, r.refuse(v.By, ErrNotEligible, "%s has voted himself", name)
		}
	}
	return r.keeping(p, v.By, v.For, ways), nil
}

// keeping adds the seats for which the voter has voted before: a person has one
// opinion, for himself and for others.
func (r *Request) keeping(p *Panel, voter string, seats []string, ways map[string][]string) []string {
	seats = slices.Clone(seats)
	if i := p.ballotOf(voter); i >= 0 {
		for _, name := range p.Ballots[i].For {
			if ways[name] != nil {
				seats = append(seats, name)
			}
		}
	}
	slices.Sort(seats)
	return slices.Compact(seats)
}

// sign has the signature verified where the stage needs one.
func (r *Request) sign(p *Panel, b Ballot, verify Verifier) error {
	if !r.stage(p).Signed {
		return nil
	}
	switch {
	case b.Signature == "":
		return r.refuse(b.By, ErrSignature, "the stage needs a signature")
	case verify == nil:
		return r.refuse(b.By, ErrSignature, "the stage needs signatures and nothing is there to verify them")
	}
	s := Statement{Policy: r.Policy.Name, Version: r.Policy.Version, Round: r.Round, Stage: p.Stage, Digest: r.Digest, By: b.By, For: b.For, Choice: b.Choice}
	if err := verify(s, b.Signature); err != nil {
		return fmt.Errorf("%w: %w", r.refuse(b.By, ErrSignature, "the signature could not be verified"), err)
	}
	return nil
}

// cast puts a ballot in, and takes the seats it stands for from others.
func (p *Panel) cast(b Ballot) {
	for i := range p.Ballots {
		p.Ballots[i].For = slices.DeleteFunc(p.Ballots[i].For, func(name string) bool { return slices.Contains(b.For, name) })
	}
	p.Ballots = slices.DeleteFunc(p.Ballots, func(o Ballot) bool { return o.By == b.By || len(o.For) == 0 })
	p.Ballots = append(p.Ballots, b)
}

func (p *Panel) ballotOf(voter string) int {
	return slices.IndexFunc(p.Ballots, func(b Ballot) bool { return b.By == voter })
}

// covering returns the ballot that stands for a seat, or nil.
func (p *Panel) covering(seat string) *Ballot {
	i := slices.IndexFunc(p.Ballots, func(b Ballot) bool { return slices.Contains(b.For, seat) })
	if i < 0 {
		return nil
	}
	return &p.Ballots[i]
}

// own reports whether a person has voted for himself.
func (p *Panel) own(person string) bool {
	b := p.covering(person)
	return b != nil && b.By == person
}

// Recuse takes a person out of a round for a conflict of interest, with what he has
// voted in stages that are not decided. If too few are left then, the stage is
// Blocked. Nobody can come back from it.
func (r *Request) Recuse(person, reason string, h Host, at time.Time) (Request, error) {
	n, _, err := r.command(person, "", 0, at)
	if err != nil {
		return Request{}, err
	}
	if strings.TrimSpace(reason) == "" || len(reason) > MaxText {
		return Request{}, n.refuse(person, ErrComment, "who recuses himself says why, in at most %d bytes", MaxText)
	}
	seated := false
	for i := range n.Panels {
		if p := &n.Panels[i]; !p.Status.Final() {
			s := p.seat(person)
			seated = seated || s != nil
			if s != nil && s.Recused == "" {
				s.Recused = reason
				p.prune(nil)
			}
		}
	}
	if !seated {
		return Request{}, n.refuse(person, ErrNotEligible, "is not asked")
	}
	return n, n.settle(h, at)
}

// Close ends the vote on the open stage, as a meeting does: whoever has voted is the
// electorate then, and the rules decide. It is possible once the stage's quorum has
// voted, somebody for each mandatory selector among them. by, whose right to close
// the host has checked, is kept; whoever must not decide must not close either.
func (r *Request) Close(by string, h Host, at time.Time) (Request, error) {
	n, p, err := r.command(by, "", 0, at)
	if err != nil {
		return Request{}, err
	}
	if err := n.seatPeople(p, h, at); err != nil {
		return Request{}, err
	}
	out, err := n.excluded(h, at)
	if err != nil {
		return Request{}, err
	}
	s := n.stage(p)
	t := s.count(p)
	switch {
	case !validText(by):
		return Request{}, fmt.Errorf("approval: who closes the vote %s: %w", textRule, ErrInvalid)
	case out[by] != "":
		return Request{}, n.refuse(by, ErrConflictOfInterest, "whoever is part of it does not close the vote: %s is %s", by, out[by])
	case s.Quorum == 0:
		return Request{}, n.refuse(by, ErrQuorum, "the stage has no quorum, so its vote cannot be closed")
	case t.answered.heads < s.Quorum:
		return Request{}, n.refuse(by, ErrQuorum, "%d of %d people have voted", t.answered.heads, s.Quorum)
	}
	for _, i := range t.unmet {
		if !slices.ContainsFunc(p.of(i), func(name string) bool { return p.covering(name) != nil }) {
			return Request{}, n.refuse(by, ErrQuorum, "nobody of %v has voted, who must", s.Ask[i])
		}
	}
	p.ClosedBy = by
	return n, n.settle(h, at)
}
