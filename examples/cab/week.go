package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/change/report"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/change/template"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

var (
	ctx     = context.Background()
	approve = approval.Vote{Choice: approval.Approve}

	database = schedule.Item{ID: "db-01", Class: "database", Services: []string{"billing"}, Related: []string{"san-01"}}
	storage  = schedule.Item{ID: "san-01", Class: "storage", Services: []string{"billing"}, Related: []string{"db-01"}}
	web      = schedule.Item{ID: "web-01", Class: "server", Services: []string{"website"}}
	gateway  = schedule.Item{ID: "gw-01", Class: "server", Services: []string{"payment"}}
)

// careful are the answers about a change that was prepared well.
func careful() map[string]string {
	return map[string]string{"tested": "like_production", "back_out": "at_once", "outage": "agreed", "experience": "often", "teams": "one"}
}

// week tells the story, day by day.
func (h *house) week() error {
	upgrade, extend := &change.Change{}, &change.Change{}
	for _, day := range []func() error{
		h.certificates,
		func() error { return h.propose(upgrade, extend) },
		func() error { return h.meeting(upgrade) },
		h.emergency,
		func() error { return h.failure(upgrade) },
		func() error { return h.conflict(extend) },
		h.figures,
	} {
		if err := day(); err != nil {
			return err
		}
	}
	return nil
}

// certificates is a standard change: approved beforehand, it needs nobody's decision.
func (h *house) certificates() error {
	h.at(2, 9, 0)
	h.title("Monday: a standard change")
	for _, t := range []change.Template{
		{Name: "certificates", Locked: []string{"items", "plan", "back_out_plan"}, Proposal: change.Proposal{Model: "standard", Title: "Rotate the web certificates",
			Group: "web", Service: "website", Items: []schedule.Item{web}, Plan: "the runbook", BackOut: "the certificates of last year", Answers: careful()}},
		{Name: "indexes", Locked: []string{"items", "plan", "back_out_plan"}, Proposal: change.Proposal{Model: "standard", Title: "Rebuild the billing indexes",
			Group: "dba", Service: "billing", Items: []schedule.Item{database}, Plan: "the runbook", BackOut: "nothing to back out", Answers: careful()}},
	} {
		if err := h.approved(template.Content{Template: t, After: 2, Of: 10}); err != nil {
			return err
		}
	}
	c := &change.Change{}
	r := change.Proposal{Model: "standard", Template: "certificates", Assignee: "dan", Start: h.clock(2, 12, 0), End: h.clock(2, 12, 30), Plan: "by hand, this once"}
	_, err := h.changes.Propose(ctx, ann, r)
	if err := h.refused("ann wants to depart from the template", err, change.ErrLocked); err != nil {
		return err
	}
	r.Plan = ""
	if err := errors.Join(
		h.keep(c)(h.changes.Propose(ctx, ann, r)),
		h.keep(c)(h.changes.Submit(ctx, ann, c.ID)),
	); err != nil {
		return err
	}
	h.say("%s %q is %s at once, with %s risk.", c.Number, c.Title, c.State, c.Risk)
	h.at(2, 12, 0)
	if err := h.keep(c)(h.changes.Implement(ctx, dan, c.ID)); err != nil {
		return err
	}
	h.at(2, 12, 20)
	if err := errors.Join(
		h.keep(c)(h.changes.Complete(ctx, dan, c.ID)),
		h.keep(c)(h.changes.Close(ctx, mia, c.ID, change.Review{Outcome: change.Successful, Notes: "as always"})),
	); err != nil {
		return err
	}
	h.say("dan does it at noon; it is closed as %s.", c.Review.Outcome)
	return nil
}

// approved has a template approved by the change manager.
func (h *house) approved(c template.Content) error {
	t, err := h.templates.Draft(ctx, gus, c)
	if err == nil {
		_, err = h.templates.Submit(ctx, gus, t.Title)
	}
	if err == nil {
		t, err = h.templates.Vote(ctx, mia, t.Title, approve)
	}
	if err == nil {
		h.say("gus has written template %q, mia has approved it: version %d is in force.", t.Title, t.Current.Version)
	}
	return err
}

// propose brings two normal changes up to the board. One of those who are asked has a
// conflict of interest.
func (h *house) propose(upgrade, extend *change.Change) error {
	h.at(2, 14, 0)
	h.title("Monday: two normal changes, and a conflict of interest")
	if err := errors.Join(
		h.keep(upgrade)(h.changes.Propose(ctx, ann, change.Proposal{Model: "normal", Title: "Upgrade the billing database", Group: "dba", Assignee: "dan", Service: "billing",
			Items: []schedule.Item{database}, Plan: "install 17.2", Test: "the regression suite", BackOut: "restore the snapshot", Answers: careful(),
			Start: h.clock(4, 19, 0), End: h.clock(4, 21, 0), Downtime: time.Hour})),
		h.keep(upgrade)(h.changes.Submit(ctx, ann, upgrade.ID)),
	); err != nil {
		return err
	}
	h.say("%s %q: the risk is %s, since:", upgrade.Number, upgrade.Title, upgrade.Risk)
	for _, c := range upgrade.Assessment.Contributions {
		h.say("    %s: %s", c.Method, strings.TrimPrefix(c.Level.String()+", "+c.Text, ", "))
	}
	_, err := h.changes.Vote(ctx, dan, upgrade.ID, approve)
	if err := h.refused("dan, who will implement it, wants to approve it", err, approval.ErrConflictOfInterest); err != nil {
		return err
	}
	if err := h.keep(upgrade)(h.changes.Vote(ctx, gus, upgrade.ID, approve)); err != nil {
		return err
	}
	h.say("gus approves it for the group; it waits in %s for the board.", upgrade.State)

	answers := careful()
	answers["teams"] = "few"
	if err := errors.Join(
		h.keep(extend)(h.changes.Propose(ctx, ned, change.Proposal{Model: "normal", Title: "Extend the billing storage", Group: "storage", Assignee: "ned", Service: "billing",
			Items: []schedule.Item{storage}, Plan: "add two shelves", BackOut: "remove them", Answers: answers, Start: h.clock(5, 20, 0), End: h.clock(5, 22, 0)})),
		h.keep(extend)(h.changes.Submit(ctx, ned, extend.ID)),
		h.keep(extend)(h.changes.Vote(ctx, gus, extend.ID, approve)),
	); err != nil {
		return err
	}
	h.say("%s %q waits for the board as well.", extend.Number, extend.Title)
	return nil
}

// meeting is the board's: the quorum is reached through an alternate, and what happens
// in the freeze needs an exception.
func (h *house) meeting(upgrade *change.Change) error {
	h.at(3, 11, 30)
	m, err := h.meetings.Schedule(ctx, mia, "cab", h.board.Next(h.now, 1)[0])
	if err != nil {
		return err
	}
	if m, err = h.meetings.BuildAgenda(ctx, mia, m.ID, ""); err != nil {
		return err
	}
	h.at(3, 14, 0)
	h.title("Tuesday: the board meets")
	if m, err = h.meetings.Start(ctx, cho, m.ID); err != nil {
		return err
	}
	if m, err = h.meetings.Attend(ctx, eve, m.ID, "eve", ""); err != nil {
		return err
	}
	h.say("cho chairs, eve is there. bob is ill.")
	_, err = h.meetings.Decide(ctx, cho, m.ID, upgrade.ID, "")
	if err := h.refused("cho wants to decide", err, cab.ErrNoQuorum); err != nil {
		return err
	}
	h.at(3, 14, 5)
	if m, err = h.meetings.Attend(ctx, alf, m.ID, "alf", "bob"); err != nil {
		return err
	}
	h.say("alf takes bob's seat: the board has its quorum.")
	for _, item := range m.Agenda {
		for _, who := range []workflow.Actor{cho, eve, alf} {
			if item.Outcome == cab.ForInformation {
				continue
			}
			h.now = h.now.Add(time.Minute)
			if m, err = h.meetings.Vote(ctx, who, m.ID, item.Change.ID, approve); err != nil {
				return err
			}
			if now, _ := m.Item(item.Change.ID); now.Outcome != cab.Pending {
				break
			}
		}
	}
	h.at(3, 14, 30)
	if m, err = h.meetings.Adjourn(ctx, cho, m.ID); err != nil {
		return err
	}
	fmt.Fprintln(h.out)
	fmt.Fprint(h.out, indent(cab.Minutes(m)))
	fmt.Fprintln(h.out)
	if err := h.keep(upgrade)(h.changes.Get(ctx, upgrade.ID)); err != nil {
		return err
	}
	h.say("%s is %s, but it lies in a freeze:", upgrade.Number, upgrade.State)
	for _, c := range h.plan.Conflicts(upgrade.Booking()) {
		h.say("    %s", c)
	}
	if err := h.keep(upgrade)(h.changes.GrantException(ctx, mia, upgrade.ID, "month-end close", "the vendor ends support this week")); err != nil {
		return err
	}
	h.say("mia grants an exception from %q: %s.", upgrade.Exceptions[0].Blackout, upgrade.Exceptions[0].Reason)
	return nil
}

// emergency is approved by the emergency board at night.
func (h *house) emergency() error {
	h.at(4, 2, 10)
	h.title("Wednesday, at night: an emergency")
	c := &change.Change{}
	if err := errors.Join(
		h.keep(c)(h.changes.Propose(ctx, ned, change.Proposal{Model: "emergency", Title: "Replace the payment gateway's certificate", Group: "network", Assignee: "ned", Service: "payment",
			Items: []schedule.Item{gateway}, Plan: "install the spare one", BackOut: "there is nothing to lose", Answers: careful(), Start: h.clock(4, 2, 15), End: h.clock(4, 3, 0)})),
		h.keep(c)(h.changes.Submit(ctx, ned, c.ID)),
	); err != nil {
		return err
	}
	_, err := h.changes.Implement(ctx, ned, c.ID)
	if err := h.refused("ned wants to begin", err, workflow.ErrTransition); err != nil {
		return err
	}
	h.at(4, 2, 16)
	if err := h.keep(c)(h.changes.Vote(ctx, eve, c.ID, approve)); err != nil {
		return err
	}
	h.say("eve is called, and approves for the emergency board: %s.", c.State)
	if err := h.keep(c)(h.changes.Implement(ctx, ned, c.ID)); err != nil {
		return err
	}
	h.at(4, 2, 40)
	if err := errors.Join(
		h.keep(c)(h.changes.Complete(ctx, ned, c.ID)),
		h.keep(c)(h.changes.Close(ctx, mia, c.ID, change.Review{Outcome: change.Successful, Notes: "its end is watched from now on"})),
	); err != nil {
		return err
	}
	h.say("payments work again at 02:40.")
	return nil
}

// failure is a change that is backed out, reviewed, and found behind an incident.
func (h *house) failure(upgrade *change.Change) error {
	h.at(4, 19, 0)
	h.title("Wednesday evening: a change fails")
	if err := errors.Join(
		h.keep(upgrade)(h.changes.AddTask(ctx, dan, upgrade.ID, change.Task{Title: "Install", Assignee: "dan", Estimate: time.Hour})),
		h.keep(upgrade)(h.changes.AddTask(ctx, dan, upgrade.ID, change.Task{Title: "Check the invoices", Assignee: "dan", After: []string{"1"}, Estimate: 30 * time.Minute})),
		h.keep(upgrade)(h.changes.Implement(ctx, dan, upgrade.ID)),
		h.keep(upgrade)(h.changes.StartTask(ctx, dan, upgrade.ID, "1")),
	); err != nil {
		return err
	}
	path, long := upgrade.CriticalPath()
	h.say("dan begins %s; the critical path is task %s, %v.", upgrade.Number, strings.Join(path, " then "), long)
	h.at(4, 20, 20)
	if err := errors.Join(
		h.keep(upgrade)(h.changes.EndTask(ctx, dan, upgrade.ID, "1", change.TaskComplete, "installed")),
		h.keep(upgrade)(h.changes.EndTask(ctx, dan, upgrade.ID, "2", change.TaskSkipped, "invoices fail, backed out")),
		h.keep(upgrade)(h.changes.Complete(ctx, dan, upgrade.ID)),
	); err != nil {
		return err
	}
	h.say("The invoices fail: the snapshot is restored.")
	suspects, err := h.changes.Suspects(ctx, change.Symptoms{At: h.clock(4, 20, 5), Items: []string{"db-01", "san-01"}, Services: []string{"billing"}}, 24*time.Hour)
	if err != nil {
		return err
	}
	for _, s := range suspects {
		h.say("Behind incident INC0000815 of 20:05 may be %s: %s.", s.Change.Number, strings.Join(s.Reasons, "; "))
	}
	h.at(4, 21, 0)
	if err := errors.Join(
		h.keep(upgrade)(h.changes.NoteCaused(ctx, mia, upgrade.ID, change.Caused{Incident: "INC0000815", Priority: 2, At: h.clock(4, 20, 5), Restored: h.clock(4, 20, 20)})),
		h.keep(upgrade)(h.changes.Close(ctx, mia, upgrade.ID, change.Review{Outcome: change.Unsuccessful, BackedOut: true, Notes: "the test data had no credit notes; add some before the next try"})),
	); err != nil {
		return err
	}
	h.say("It is reviewed and closed as %s: %s.", upgrade.Review.Outcome, upgrade.Review.Notes)
	return nil
}

// conflict is one between two changes, resolved by the search for a slot, and by votes
// between the board's meetings.
func (h *house) conflict(extend *change.Change) error {
	h.at(5, 10, 0)
	h.title("Thursday: a conflict")
	other := &change.Change{}
	if err := errors.Join(
		h.keep(other)(h.changes.Propose(ctx, ann, change.Proposal{Model: "standard", Template: "indexes", Assignee: "dan", Start: h.clock(5, 19, 0), End: h.clock(5, 20, 30)})),
		h.keep(other)(h.changes.Submit(ctx, ann, other.ID)),
		h.keep(extend)(h.changes.Get(ctx, extend.ID)),
	); err != nil {
		return err
	}
	h.say("%s %q is planned on the database that stands on the storage of %s:", other.Number, other.Title, extend.Number)
	for _, c := range h.plan.Conflicts(extend.Booking()) {
		h.say("    %s", c)
	}
	slots, skipped, err := h.plan.Slots(extend.Booking(), extend.Start, extend.Start.AddDate(0, 0, 90), 1)
	if err != nil {
		return err
	}
	h.say("The next time without any is %s, after %d that had one.", h.text(slots[0].Start), len(skipped))
	if err := h.keep(extend)(h.changes.Update(ctx, ned, extend.ID, func(p *change.Proposal) { p.Start, p.End = slots[0].Start, slots[0].End })); err != nil {
		return err
	}
	h.say("ned moves it, and since the board had approved another time it is asked again: %s.", extend.State)
	for _, who := range []workflow.Actor{gus, cho, eve, ann} {
		if err := h.keep(extend)(h.changes.Vote(ctx, who, extend.ID, approve)); err != nil {
			return err
		}
	}
	h.say("gus, and between two meetings cho, eve and ann, approve it: %s.", extend.State)
	for _, c := range []struct {
		c  *change.Change
		by workflow.Actor
	}{{other, dan}, {extend, ned}} {
		h.now = c.c.Start
		if err := h.keep(c.c)(h.changes.Implement(ctx, c.by, c.c.ID)); err != nil {
			return err
		}
		h.now = c.c.End
		if err := errors.Join(
			h.keep(c.c)(h.changes.Complete(ctx, c.by, c.c.ID)),
			h.keep(c.c)(h.changes.Close(ctx, mia, c.c.ID, change.Review{Outcome: change.Successful, Notes: "nothing to note"})),
		); err != nil {
			return err
		}
	}
	h.say("Both are done that night, one behind the other.")
	return nil
}

// figures are those of the week.
func (h *house) figures() error {
	h.at(6, 16, 0)
	h.title("Friday: the figures")
	cases, err := h.changes.Cases(ctx, workflow.Query{})
	if err != nil {
		return err
	}
	s, err := report.Summarize(cases, report.Period{From: h.clock(2, 0, 0), To: h.clock(7, 0, 0)})
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(h.out, indent(s.String()))
	return err
}

// keep takes over what became of a change, in the story and in the plan.
func (h *house) keep(c *change.Change) func(*change.Change, error) error {
	return func(next *change.Change, err error) error {
		if err != nil {
			return err
		}
		*c = *next
		return h.changes.Keep(h.plan, c)
	}
}

// refused tells why something was refused, which it must have been.
func (h *house) refused(what string, err, want error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("%s: that should have been refused as %w, not with %w", what, want, err)
	}
	h.say("%s. That is refused:\n      %v", what, err)
	return nil
}

// clock is an instant of the week, by the day of March 2026 and what the wall clock says.
func (h *house) clock(day, hour, minute int) time.Time {
	return time.Date(2026, 3, day, hour, minute, 0, 0, h.zone)
}

func (h *house) at(day, hour, minute int) { h.now = h.clock(day, hour, minute) }

func (h *house) text(t time.Time) string { return t.In(h.zone).Format("Mon 2 Jan 15:04") }

func (h *house) title(text string) { fmt.Fprintf(h.out, "\n== %s\n", text) }

func (h *house) say(format string, args ...any) {
	fmt.Fprintf(h.out, "%s  %s\n", h.now.In(h.zone).Format("15:04"), fmt.Sprintf(format, args...))
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}
