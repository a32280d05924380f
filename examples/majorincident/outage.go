package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// tell tells the story, scene by scene.
func (h *house) tell() error {
	for _, scene := range []func() error{
		h.knownBefore, h.alert, h.firstCallers, h.nobodyAnswers, h.takeCharge, h.firstUpdate, h.lateUpdate,
		h.workaround, h.emergencyChange, h.clocks, h.resolve, h.allClear,
		h.lookForCause, h.planTheFix, h.review, h.sameAgain, h.fixForGood, h.figures, h.timeline,
	} {
		if err := scene(); err != nil {
			return err
		}
	}
	return nil
}

// knownBefore publishes the known errors that there are before the story begins.
func (h *house) knownBefore() error {
	for _, content := range oldErrors() {
		if _, err := h.publish(content); err != nil {
			return err
		}
	}
	return h.until(10, 9, 4)
}

// publish writes a known error, which somebody else approves.
func (h *house) publish(content knownerror.Content) (k *knownerror.KnownError, err error) {
	if err = into(&k)(h.known.Draft(ctx, pia, content)); err != nil {
		return nil, err
	}
	return k, errors.Join(
		into(&k)(h.known.Submit(ctx, pia, k.ID)),
		into(&k)(h.known.Publish(ctx, kim, k.ID, "")),
	)
}

// alert is what monitoring sees, and what the configuration makes of it.
func (h *house) alert() error {
	h.title("monitoring raises an alarm")
	if err := into(&h.outage)(h.incidents.Open(ctx, watch, incident.Report{
		Title: "san-02 does not answer", Details: "controllers A and B: fault MC-5A1F, the cache is offline",
		Channel: incident.ByMonitoring, Category: "storage", Urgency: incident.High, CIs: []string{h.item("san-02").Number},
	})); err != nil {
		return err
	}
	inc := h.outage
	h.say("%s %q, by %s, goes to %s/%s: %s.", inc.Number, inc.Title, inc.Channel, inc.Group, inc.Assignee, inc.Comments[0].Text)
	h.say("The configuration tells who suffers, so that the impact is %v and the priority %v:", inc.Impact, inc.Priority)
	for _, s := range inc.Suggested.Services {
		h.say("    %s is %s (%s, %d users): %s", s.Name, s.State, words(s.Criticality), s.Users, s.Path)
	}
	found, err := h.suggest(inc)
	if err != nil {
		return err
	}
	h.say("stig looks for known errors: %d in force, %d fit.", h.catalogue.Len(), len(found))
	return into(&h.outage)(h.incidents.Start(ctx, stig, inc.ID))
}

// suggest finds the known errors that fit an incident, and notes that they were shown.
func (h *house) suggest(inc *incident.Incident) ([]knownerror.Suggestion, error) {
	if err := h.catalogue.Refresh(ctx); err != nil {
		return nil, err
	}
	found, err := h.catalogue.Suggest(ctx, h.caseOf(inc))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found, h.known.Suggested(ctx, ann, h.incidents.Kind().Ref(inc.ID), found[0].ID)
}

// calls are those of people who suffer.
var calls = []struct {
	minute     int // after nine
	who, title string
	by         incident.Channel
	service    string
}{
	{6, "anke", "I cannot pay", incident.ByPhone, "Web shop"}, {7, "boris", "Error after 'Buy'", incident.ByPortal, "Web shop"},
	{8, "carla", "The scanner shows no stock", incident.ByPhone, "Warehouse"}, {9, "dirk", "Is the shop down?", incident.ByChat, "Web shop"},
	{21, "emil", "Vouchers are refused", incident.ByPhone, "Branch tills"}, {21, "fritz", "The shop does not load", incident.ByPortal, "Web shop"},
	{22, "greta", "My order is stuck", incident.ByMail, "Web shop"}, {22, "hanna", "No picking lists", incident.ByPhone, "Warehouse"},
	{23, "ivan", "Vouchers are refused", incident.ByPhone, "Branch tills"}, {23, "jule", "I cannot log in", incident.ByPortal, "Web shop"},
	{24, "kurt", "Shop down", incident.ByChat, "Web shop"},
}

// callersRing are the duplicates: each caller keeps an incident of his own, and all of
// them follow the one that monitoring has opened.
func (h *house) callersRing(from, to int) error {
	for _, call := range calls[from:to] {
		if err := h.until(10, 9, call.minute); err != nil {
			return err
		}
		inc, err := h.incidents.Open(ctx, ann, incident.Report{Title: call.title, Caller: call.who, Channel: call.by, Service: call.service,
			Impact: incident.Medium, Urgency: incident.Medium, Group: "service desk", Assignee: "ann"})
		if err != nil {
			return err
		}
		h.say("%s %q, from %s by %s. ann makes it a child of %s.", inc.Number, inc.Title, call.who, inc.Channel, h.outage.Number)
		if _, err := h.incidents.SetParent(ctx, ann, inc.ID, h.outage.ID); err != nil {
			return err
		}
		h.callers = append(h.callers, inc.ID)
	}
	return into(&h.outage)(h.incidents.Get(ctx, h.outage.ID))
}

// firstCallers make the rule hold that proposes a major incident.
func (h *house) firstCallers() error {
	if err := h.until(10, 9, 6); err != nil {
		return err
	}
	h.title("callers")
	if err := h.callersRing(0, 4); err != nil {
		return err
	}
	h.say("%s is %s as a major incident: %s.", h.outage.Number, h.outage.Major.State, h.outage.Major.Reason)
	return nil
}

// nobodyAnswers climbs the ladder from the first manager on call to the second.
func (h *house) nobodyAnswers() error {
	h.title("who is on call?")
	if err := h.until(10, 9, 17); err != nil {
		return err
	}
	h.say("ron answers the phone, and accepts it as a major incident.")
	return errors.Join(
		h.pager.answer("ron", h.now),
		into(&h.outage)(h.incidents.AcceptMajor(ctx, ron, h.outage.ID, "the shop is down, and mona does not answer")),
	)
}

// takeCharge gives everybody a part.
func (h *house) takeCharge() error {
	h.title("roles and a conference")
	id := h.outage.ID
	if err := errors.Join(
		into(&h.outage)(h.incidents.TakeRole(ctx, ron, id, major.Communications, "cleo", "")),
		into(&h.outage)(h.incidents.TakeRole(ctx, ron, id, major.Scribe, "ann", "")),
		into(&h.outage)(h.incidents.TakeRole(ctx, ron, id, major.Resolver, "stig", "the array")),
		into(&h.outage)(h.incidents.TakeRole(ctx, ron, id, major.Resolver, "dora", "the databases")),
		into(&h.outage)(h.incidents.OpenBridge(ctx, ron, id, "https://meet.example/major")),
	); err != nil {
		return err
	}
	for _, who := range []workflow.Actor{ron, stig, dora} {
		if err := into(&h.outage)(h.incidents.AttendBridge(ctx, who, id, who.ID, true)); err != nil {
			return err
		}
	}
	for _, role := range []major.Role{major.Manager, major.Communications, major.Scribe, major.Resolver} {
		h.say("%s: %s", words(string(role)), strings.Join(h.outage.Major.Holders(role), ", "))
	}
	h.say("In the conference %s: %s", h.outage.Major.Bridge.URL, strings.Join(h.outage.Major.Bridge.Present(), ", "))
	h.say("The log of the array says that it began at 09:02.")
	if err := into(&h.outage)(h.incidents.MarkMajor(ctx, stig, id, major.Began, h.clock(10, 9, 2), "")); err != nil {
		return err
	}
	return h.callersRing(4, len(calls))
}

// firstUpdate tells the audiences of the plan, the callers, and those of whom the
// configuration knows that they use what is down.
func (h *house) firstUpdate() error {
	if err := h.until(10, 9, 25); err != nil {
		return err
	}
	h.title("the first word to everybody")
	impact, err := h.configuration.Topology().Impact(cmdb.Query{Down: []workflow.ID{h.item("san-02").ID}})
	if err != nil {
		return err
	}
	if err := errors.Join(
		h.update(major.Investigating, "Storage has failed. The shop is down, the warehouse works from paper."),
		into(&h.bulletin)(h.informing.Report(ctx, cleo, announce.Report{Kind: announce.Outage, Severity: announce.Critical,
			Words: announce.Words{"en": {Title: "The shop and the warehouse are down"}}, Harms: announce.Affected(impact),
			About: announce.About{Ref: h.incidents.Kind().Ref(h.outage.ID), Number: h.outage.Number, Title: h.outage.Title}})),
	); err != nil {
		return err
	}
	return h.deliver()
}

// update tells everybody how it stands, the callers included.
func (h *house) update(status major.Status, text string) error {
	h.say("cleo writes: %s", text)
	before := len(h.mail.told(incident.TopicComment))
	if err := errors.Join(
		into(&h.outage)(h.incidents.PostUpdate(ctx, cleo, h.outage.ID, major.Draft{Status: status, Text: text, Children: true})),
		h.deliver(),
	); err != nil {
		return err
	}
	h.say("     and to %d callers", len(h.mail.told(incident.TopicComment))-before)
	return nil
}

// lateUpdate is one that is owed and does not come: a ladder of its own is climbed.
func (h *house) lateUpdate() error {
	if err := h.until(10, 9, 40); err != nil {
		return err
	}
	h.title("a question to a caller")
	asked, err := h.incidents.Hold(ctx, ann, h.callers[1], incident.AwaitingCaller, "Was your card charged?")
	if err != nil {
		return err
	}
	h.say("ann asks %s whether his card was charged: %s is %s.", asked.Caller, asked.Number, words(asked.State))
	if err := h.until(10, 9, 54); err != nil {
		return err
	}
	h.title("an update is late")
	if err := h.until(10, 10, 6); err != nil {
		return err
	}
	return h.update(major.Identified, "Both controllers of the array restart without end. We look for a way around it.")
}

// workaround is found and told to all.
func (h *house) workaround() error {
	if err := h.until(10, 10, 29); err != nil {
		return err
	}
	h.title("a workaround")
	h.say("dora: with the cache switched off one controller stays up. It is slow, and it works.")
	return errors.Join(
		into(&h.outage)(h.incidents.NoteMajor(ctx, ann, h.outage.ID, h.clock(10, 10, 20), "stig and dora start the array without its cache")),
		into(&h.outage)(h.incidents.MarkMajor(ctx, dora, h.outage.ID, major.Mitigated, h.now, "one controller, with its cache switched off")),
		h.update(major.Identified, "Shop and warehouse work again, slowly. A repair follows."),
	)
}

// emergencyChange removes the fault: approved, let into the freeze, and carried out.
func (h *house) emergencyChange() error {
	if err := h.until(10, 10, 36); err != nil {
		return err
	}
	h.title("an emergency change")
	if err := into(&h.outage)(h.incidents.OpenRelated(ctx, ron, h.outage.ID, "change")); err != nil {
		return err
	}
	id := h.outage.Links[0].To.ID
	if err := errors.Join(
		into(&h.fix)(h.changes.Update(ctx, ron, id, func(p *change.Proposal) {
			p.Assignee, p.Plan, p.BackOut = "stig", "firmware 4.2 on both controllers, one after the other", "firmware 4.1, with the cache switched off"
			p.Start, p.End, p.Answers = h.clock(10, 10, 45), h.clock(10, 11, 15), careful
		})),
		into(&h.fix)(h.changes.Submit(ctx, ron, id)),
	); err != nil {
		return err
	}
	h.say("ron opens %s %q from %s: %s risk, state %s.", h.fix.Number, h.fix.Title, h.outage.Number, words(h.fix.Risk), h.fix.State)
	if err := h.until(10, 10, 38); err != nil {
		return err
	}
	for _, c := range h.plan.Conflicts(h.fix.Booking()) {
		h.say("Something is in its way: %s, %s.", words(string(c.Reason)), c.With)
	}
	if err := into(&h.fix)(h.changes.GrantException(ctx, cho, id, "spring sale", "there is no sale without a shop")); err != nil {
		return err
	}
	h.say("cho grants an exception: %s.", h.fix.Exceptions[0].Reason)
	if err := h.until(10, 10, 40); err != nil {
		return err
	}
	_, err := h.changes.Implement(ctx, stig, id)
	if err := h.refused("stig wants to begin", err, workflow.ErrTransition); err != nil {
		return err
	}
	if err := into(&h.fix)(h.changes.Vote(ctx, hal, id, approval.Vote{Choice: approval.Approve})); err != nil {
		return err
	}
	h.say("hal approves it for the emergency board: %s.", h.fix.State)
	return errors.Join(
		h.until(10, 10, 45),
		into(&h.fix)(h.changes.Implement(ctx, stig, id)),
		h.plans(h.fix),
		h.until(10, 10, 50),
	)
}

// careful are the answers about a change that was prepared well.
var careful = map[string]string{"tested": "like_production", "back_out": "at_once", "outage": "agreed", "experience": "often", "teams": "one"}

// plans keeps the plan of changes up to date.
func (h *house) plans(c *change.Change) error { return h.changes.Keep(h.plan, c) }

// clocks shows how the service levels stand: who is paused, what is due, what breached.
func (h *house) clocks() error {
	h.title("how the service levels stand")
	if err := into(&h.outage)(h.incidents.Get(ctx, h.outage.ID)); err != nil {
		return err
	}
	for _, id := range append([]workflow.ID{h.outage.ID}, h.callers[:3]...) {
		inc, err := h.incidents.Get(ctx, id)
		if err != nil {
			return err
		}
		levels, err := h.incidents.ServiceLevels(inc, h.now)
		if err != nil {
			return err
		}
		for _, l := range levels {
			text := string(l.State)
			if !l.Reading.Due.IsZero() {
				text += ", due " + l.Reading.Due.In(h.zone).Format("2 Jan 15:04")
			}
			if l.State == sla.StatePaused {
				text += fmt.Sprintf(", %s, %v left", l.Why, l.Reading.Remaining)
			}
			if l.Reading.Breached {
				text += ", breached at " + l.Reading.BreachAt.In(h.zone).Format(time.TimeOnly)
			}
			h.say("%s %-6v %-10s %s", inc.Number, inc.Priority, l.Target, text)
		}
	}
	return nil
}

// words is a name as people say it.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }
