package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

// review is written, and its actions are tracked until none is open.
func (h *house) review() error {
	if err := h.until(12, 10, 0); err != nil {
		return err
	}
	h.title("the review")
	overview, findings := "For an hour and a half nobody could buy a book, and then half an hour only slowly. Nothing was lost.", "The firmware of the array falls over after 497 days. The first manager on call could not be reached."
	resolution, lessons := "Firmware 4.2.", "An array has an age that somebody must watch. Switching the cache off is quick: try it first."
	id := h.outage.ID
	if err := errors.Join(
		into(&h.outage)(h.incidents.WriteReview(ctx, ron, id, major.Words{Overview: &overview, Findings: &findings, Resolution: &resolution, Lessons: &lessons,
			Factors: []string{"the same firmware on both controllers", "no second way to reach mona", "an update to the stakeholders was 11 minutes late"}})),
		into(&h.outage)(h.incidents.AddReviewAction(ctx, ron, id, "Alarm on the uptime of arrays", "stig", h.clock(16, 12, 0))),
		into(&h.outage)(h.incidents.AddReviewAction(ctx, ron, id, "A second telephone for who is on call", "hal", h.clock(18, 12, 0))),
		into(&h.outage)(h.incidents.AddReviewAction(ctx, ron, id, "Mirror san-02 to the other hall", "dora", h.clock(17, 12, 0))),
	); err != nil {
		return err
	}
	for _, a := range h.outage.Major.Review.Actions {
		h.say("%d. %s: %s, until %s", a.Number, a.Title, a.Owner, a.Due.In(h.zone).Format("2 January"))
	}
	_, err := h.incidents.Close(ctx, ron, id)
	if err := h.refused("ron wants to close "+h.outage.Number, err, workflow.ErrTransition); err != nil {
		return err
	}
	if err := h.until(16, 9, 0); err != nil {
		return err
	}
	h.title("the actions")
	end := func(by workflow.Actor, number int, state major.ActionState, note string) error {
		h.say("action %d is %s, by %s: %s", number, state, by.ID, note)
		return into(&h.outage)(h.incidents.EndReviewAction(ctx, by, id, number, state, note))
	}
	if err := errors.Join(
		end(stig, 1, major.ActionDone, "an alarm at 400 days"),
		h.until(18, 9, 30),
		end(hal, 2, major.ActionDone, "the pager calls two numbers"),
	); err != nil {
		return err
	}
	_, err = h.incidents.FinishReview(ctx, ron, id)
	if err := h.refused("ron wants to finish the review", err, workflow.ErrInvalid); err != nil {
		return err
	}
	if err := errors.Join(
		end(dora, 3, major.ActionDropped, "it costs more than the hours it would save"),
		into(&h.outage)(h.incidents.FinishReview(ctx, ron, id)),
		into(&h.outage)(h.incidents.Close(ctx, ron, id)),
	); err != nil {
		return err
	}
	h.say("The review is finished, and %s is %s.", h.outage.Number, h.outage.State)
	return nil
}

// figures are those of the outage, and of the month.
func (h *house) figures() error {
	h.now = h.clock(31, 16, 0)
	h.title("the figures")
	report, err := h.incidents.MajorReport(ctx, h.outage.ID, h.zone)
	if err != nil {
		return err
	}
	for _, f := range report.Figures {
		h.say("%-17s %v", f.Name, f.Took)
	}
	var cases []sla.Case
	for inc, err := range h.incidents.Find(ctx, workflow.Query{}) {
		if err != nil {
			return err
		}
		cases = append(cases, h.incidents.Cases(inc)...)
	}
	month := sla.Month(h.now)
	attainment, err := h.incidents.Engine().Attainment(cases, month, sla.ByTarget(), sla.ByPriority())
	if err != nil {
		return err
	}
	h.say("Service levels in March:\n%s", strings.TrimSpace(attainment.String()))
	clock, err := always("around the clock")
	if err != nil {
		return err
	}
	c := h.outage.Major
	shop, err := sla.Available(clock, month, []sla.Outage{{ID: h.outage.Number, Span: sla.Span{From: c.BeganAt, To: c.MitigatedAt}}}, nil)
	if err != nil {
		return err
	}
	percent, _ := shop.Percent()
	h.say("The shop was available %s %% of the month.", percent.StringFixed(2))
	usage, err := h.known.Usage(ctx, h.lesson.ID)
	if err != nil {
		return err
	}
	h.say("%s: suggested %d, linked %d, helped %d.", h.lesson.Number, usage.Suggested, usage.Linked, usage.Helped)
	return h.verify()
}

// verify proves every record that was made against its history, whatever its kind, and that no work was left undone.
func (h *house) verify() error {
	for d, err := range h.store.Parked(ctx) {
		return errors.Join(fmt.Errorf("left undone: %s", d.Key()), err)
	}
	made := map[string]bool{}
	for e, err := range h.store.Events(ctx, "", workflow.Filter{}) {
		if err != nil {
			return err
		}
		made[e.Kind] = true
	}
	kinds := slices.Sorted(maps.Keys(made))
	v, err := workflow.VerifyStore(ctx, h.store, func(d workflow.Document, events []workflow.Event) error {
		if d.Ref.Kind != incident.KindName {
			return nil
		}
		return h.incidents.Verify(d, events)
	}, kinds...)
	if err != nil {
		return err
	}
	h.say("%d records agree with their histories, %d events: %s. Those of incidents with their clocks.",
		v.Records, v.Events, strings.Join(kinds, ", "))
	return nil
}

// timeline tells the outage once more, as its history has it.
func (h *house) timeline() error {
	entries, err := h.incidents.Timeline(ctx, h.outage.ID)
	if err != nil {
		return err
	}
	fmt.Fprintln(h.out, "\n== The timeline of", h.outage.Number)
	for _, e := range entries {
		by := ""
		if e.By != "" {
			by = " (" + e.By + ")"
		}
		fmt.Fprintf(h.out, "%s  %-6s  %s%s\n", e.At.In(h.zone).Format("2 Jan "+time.TimeOnly), e.Kind, e.Text, by)
	}
	return nil
}
