package main

import (
	"errors"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// lookForCause opens the problem behind the outage.
func (h *house) lookForCause() error {
	if err := h.until(10, 14, 0); err != nil {
		return err
	}
	h.title("the problem behind it")
	if err := into(&h.outage)(h.incidents.OpenRelated(ctx, ron, h.outage.ID, "problem")); err != nil {
		return err
	}
	if err := into(&h.problem)(h.problems.Behind(ctx, h.outage.ID)); err != nil {
		return err
	}
	id := h.problem.ID
	h.say("ron opens %s from %s, with %d incidents linked.", h.problem.Number, h.problem.Origin, h.problem.Incidents)
	if err := errors.Join(
		into(&h.problem)(h.problems.Assess(ctx, pia, id, "")),
		into(&h.problem)(h.problems.Confirm(ctx, pia, id, "the other array is of the same model")),
	); err != nil {
		return err
	}
	_, err := h.problems.Fix(ctx, pia, id, "firmware 4.2 on all arrays")
	if err := h.refused("pia wants it fixed", err, workflow.ErrGuard); err != nil {
		return err
	}
	if err := h.until(11, 10, 0); err != nil {
		return err
	}
	if err := errors.Join(
		into(&h.problem)(h.problems.SetWorkaround(ctx, pia, id, "Switch the cache off; one controller stays up.")),
		into(&h.problem)(h.problems.ConfirmCause(ctx, pia, id, problem.Finding{Text: "Firmware 4.1 counts the cache's uptime in 32 bits, and falls over after 497 days",
			Evidence: "the vendor's analysis of the dump; san-02 had been up for 497 days", Factors: []string{"nobody watches uptimes"}})),
		into(&h.problem)(h.problems.Fix(ctx, pia, id, "firmware 4.2 on all arrays")),
	); err != nil {
		return err
	}
	h.say("pia confirms the cause: %s (%s). %s is in %s.", h.problem.Cause.Text, h.problem.Cause.Evidence, h.problem.Number, words(h.problem.State))
	return h.publishLesson()
}

// publishLesson writes down for the next incident what was learnt.
func (h *house) publishLesson() error {
	if err := into(&h.lesson)(h.publish(knownerror.Content{Title: "Array Nordlicht N7 does not answer", Symptom: "Both controllers restart without end",
		Cause: h.problem.Cause.Text, Workaround: h.problem.Workaround(), Solution: "Firmware 4.2",
		Codes: []string{"MC-5A1F"}, Vendor: "Nordlicht", Model: "N7", Classes: []string{cmdb.ClassStorage}, Problem: h.problem.ID})); err != nil {
		return err
	}
	h.say("pia writes %s %q, kim publishes it.", h.lesson.Number, h.lesson.Title)
	return nil
}

// planTheFix plans what removes the cause on the other array, too.
func (h *house) planTheFix() error {
	items, err := h.items(h.item("san-03").Number)
	if err != nil {
		return err
	}
	if err := into(&h.other)(h.changes.Propose(ctx, pia, change.Proposal{Model: "normal", Title: "Firmware 4.2 on san-03", Group: "storage", Assignee: "stig", Items: items,
		Plan: "one controller after the other", BackOut: "firmware 4.1", Start: h.clock(26, 20, 0), End: h.clock(26, 21, 0), Answers: careful})); err != nil {
		return err
	}
	if err := errors.Join(
		into(&h.problem)(h.problems.AddFix(ctx, pia, h.problem.ID, "change", h.fix.Number)),
		into(&h.problem)(h.problems.AddFix(ctx, pia, h.problem.ID, "change", h.other.Number)),
		into(&h.other)(h.changes.Submit(ctx, pia, h.other.ID)),
	); err != nil {
		return err
	}
	if err := h.until(11, 10, 5); err != nil {
		return err
	}
	if _, err := h.problems.FixFinished(ctx, pia, h.fix.Number, problem.FixCompleted); err != nil {
		return err
	}
	for _, voter := range []workflow.Actor{sven, hal, dora} {
		if err := into(&h.other)(h.changes.Vote(ctx, voter, h.other.ID, approval.Vote{Choice: approval.Approve})); err != nil {
			return err
		}
	}
	h.say("%s %q is planned for 26 March, and %s. %s rests on it and on %s.", h.other.Number, h.other.Title, h.other.State, h.problem.Number, h.fix.Number)
	return nil
}

// sameAgain is an incident like it, two weeks later, for which the known error is found.
func (h *house) sameAgain() error {
	if err := h.until(24, 9, 30); err != nil {
		return err
	}
	h.title("two days too early, the same on the other array")
	if err := into(&h.later)(h.incidents.Open(ctx, watch, incident.Report{Title: "san-03 does not answer", Details: "controllers A and B: fault MC-5A1F, the cache is offline",
		Channel: incident.ByMonitoring, Category: "storage", Urgency: incident.High, CIs: []string{h.item("san-03").Number}})); err != nil {
		return err
	}
	inc := h.later
	h.say("%s %q, %v: %s. (The numbers that the dead process had set aside are skipped.)", inc.Number, inc.Title, inc.Priority, inc.Suggested.Services[0].Path)
	found, err := h.suggest(inc)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errors.New("the known error should have been found")
	}
	for _, s := range found {
		h.say("%s %q fits: %s", s.Number, s.Title, s.Why())
		h.say("    workaround: %s", s.Workaround)
	}
	ref := h.incidents.Kind().Ref(inc.ID)
	if err := errors.Join(
		into(&inc)(h.incidents.Start(ctx, stig, inc.ID)),
		h.until(24, 9, 40),
		into(&h.lesson)(h.known.Link(ctx, stig, found[0].ID, ref)),
		into(&h.lesson)(h.known.Rate(ctx, stig, found[0].ID, ref, knownerror.Helped, "")),
		into(&h.problem)(h.problems.Link(ctx, pia, found[0].Problem, inc.ID)),
		into(&inc)(h.incidents.Link(ctx, stig, inc.ID, incident.Link{Type: incident.LinkKnownError, To: h.known.Kind().Ref(found[0].ID)})),
		into(&inc)(h.incidents.Link(ctx, stig, inc.ID, incident.Link{Type: incident.LinkProblem, To: h.problems.Kind().Ref(found[0].Problem)})),
		into(&inc)(h.incidents.Hold(ctx, stig, inc.ID, incident.AwaitingProblem, "")),
		into(&h.problem)(h.problems.CommunicateWorkaround(ctx, pia, h.problem.ID)),
		h.until(24, 9, 41),
		into(&inc)(h.incidents.Get(ctx, inc.ID)),
	); err != nil {
		return err
	}
	h.say("stig has switched the cache off; it took ten minutes. %s is %s, %s.", inc.Number, words(inc.State), words(string(inc.HoldReason)))
	h.say("Its last work note: %s", inc.Comments[len(inc.Comments)-1].Text)
	return nil
}

// fixForGood removes the cause, and what waits for that is resolved by itself.
func (h *house) fixForGood() error {
	if err := h.until(26, 20, 0); err != nil {
		return err
	}
	h.title("the cause is removed")
	c := h.other
	if err := errors.Join(
		into(&c)(h.changes.Implement(ctx, stig, c.ID)),
		h.until(26, 20, 40),
		into(&c)(h.changes.Complete(ctx, stig, c.ID)),
		into(&c)(h.changes.Close(ctx, cho, c.ID, change.Review{Outcome: change.Successful, Notes: "nothing to note"})),
		h.plans(c),
		h.until(26, 20, 41),
	); err != nil {
		return err
	}
	h.say("%s %q was %s.", c.Number, c.Title, c.Review.Outcome)
	if err := errors.Join(
		h.until(27, 9, 0),
		into(&h.problem)(h.problems.Resolve(ctx, pia, h.problem.ID, "Firmware 4.2 is on all arrays.")),
		h.until(27, 9, 1),
		into(&h.problem)(h.problems.Complete(ctx, pia, h.problem.ID, "")),
	); err != nil {
		return err
	}
	if err := into(&h.later)(h.incidents.Get(ctx, h.later.ID)); err != nil {
		return err
	}
	h.say("%s is %s, and with it %s is %s: %s", h.problem.Number, h.problem.State, h.later.Number, h.later.State, h.later.Resolution.Notes)
	if err := errors.Join(
		into(&h.lesson)(h.known.Retire(ctx, pia, h.lesson.ID, "no array has the old firmware any more", workflow.ID{})),
		h.until(27, 9, 2),
		into(&h.later)(h.incidents.Get(ctx, h.later.ID)),
	); err != nil {
		return err
	}
	h.say("%s is %s, which %s hears: %s", h.lesson.Number, h.lesson.State, h.later.Number, h.later.Comments[len(h.later.Comments)-1].Text)
	return nil
}
