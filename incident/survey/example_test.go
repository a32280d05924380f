package survey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

const csat = `{
  "name": "csat", "version": 1, "languages": ["en"], "title": {"en": "How did we do?"},
  "questions": [
    {"name": "overall", "kind": "rating", "scale": 5, "required": true, "text": {"en": "How satisfied are you?"}},
    {"name": "why", "kind": "text", "text": {"en": "What went wrong?"}, "if": {"question": "overall", "in": ["1", "2"]}}
  ],
  "trigger": {"kinds": ["incident"], "on": ["closed"], "when": [{"fact": "priority", "in": ["P1", "P2", "P3"]}], "ask": ["caller"]},
  "sampling": {"rate": "100%"}, "keep": ["group"], "delay": {"elapsed": "1h"}, "remind": ["72h"], "expires": "168h",
  "person_cap": {"most": 1, "within": "720h"},
  "follow_up": [{"question": "overall", "in": ["1", "2"], "tell": ["service-owner"]}]
}`

// A host wires surveys to its incidents: their messages become events, and what waits in
// the queue is delivered by one relay. Neither package knows the other.
func ExampleService_Occurred() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})
	sv, err := survey.Parse([]byte(csat))
	if err != nil {
		panic(err)
	}
	surveys, err := survey.NewService(desk, survey.Config{Surveys: []survey.Definition{sv.Definition()}})
	if err != nil {
		panic(err)
	}
	incidents, err := incident.NewService(desk, incident.Config{})
	if err != nil {
		panic(err)
	}

	// The wiring.
	tell := func(ctx context.Context, d workflow.Due) error {
		var n incident.Notice
		if err := json.Unmarshal(d.Message.Payload, &n); err != nil {
			return workflow.Permanent(err)
		}
		ref := workflow.Ref{Kind: incident.KindName, ID: n.ID}
		if d.Message.Topic == incident.TopicReopened {
			_, err := surveys.Reopened(ctx, ref, d.Message.At)
			return err
		}
		inc, err := incidents.Get(ctx, n.ID)
		if err != nil {
			return err
		}
		_, err = surveys.Occurred(ctx, survey.Event{Record: ref, Number: inc.Number, Title: inc.Title, On: "closed", At: d.Message.At,
			Facts:  map[string]string{"priority": inc.Priority.String(), "group": inc.Group},
			People: map[string][]string{"caller": {inc.Caller}, "assignee": {inc.Assignee}}})
		return err
	}
	var invited workflow.ID
	relay, err := workflow.NewRelay(store, workflow.Mux{
		Timers: map[string]workflow.Handler{incident.KindName: incidents, survey.KindName: surveys},
		Topics: map[string]workflow.Handler{incident.TopicClosed: workflow.HandlerFunc(tell), incident.TopicReopened: workflow.HandlerFunc(tell), survey.TopicCollect: surveys},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			switch d.Message.Topic { // send a mail
			case survey.TopicInvited:
				var n survey.Notice
				err := json.Unmarshal(d.Message.Payload, &n)
				invited = n.ID
				fmt.Println("to", n.To, "about", n.About.Number+":", n.Title)
				return err
			case survey.TopicFollowUp:
				var f survey.Finding
				err := json.Unmarshal(d.Message.Payload, &f)
				fmt.Printf("to %v about %s: %s is %s: %s\n", f.To, f.About.Number, f.Question, f.Value, f.Answers["why"])
				return err
			}
			return nil
		}),
	}, workflow.RelayConfig{Clock: clock})
	if err != nil {
		panic(err)
	}

	ann, carl := workflow.User("ann", incident.RoleAgent), workflow.User("carl")
	inc, err := incidents.Open(ctx, ann, incident.Report{Title: "Mail is down", Caller: "carl", Impact: incident.High, Urgency: incident.Medium})
	if err != nil {
		panic(err)
	}
	steps := []func() error{
		func() error { _, err := incidents.Assign(ctx, ann, inc.ID, "mail", "ann"); return err },
		func() error { _, err := incidents.Start(ctx, ann, inc.ID); return err },
		func() error {
			_, err := incidents.Resolve(ctx, ann, inc.ID, "solved", "restarted the server")
			return err
		},
		func() error { _, err := incidents.Close(ctx, carl, inc.ID); return err },
		func() error { _, err := relay.Drain(ctx); return err },
		func() error { now = now.Add(time.Hour); _, err := relay.Drain(ctx); return err },
		func() error {
			_, err := surveys.Answer(ctx, carl, invited, survey.Answers{"overall": "2", "why": "it took long"})
			return err
		},
		func() error { _, err := relay.Drain(ctx); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			panic(err)
		}
	}
	// Output:
	// to [carl] about INC0000001: How did we do?
	// to [service-owner] about INC0000001: overall is 2: it took long
}

// Figures are counted from sheets, by whatever they are broken down by.
func ExampleSurvey_Satisfaction() {
	s, err := survey.Parse([]byte(csat))
	if err != nil {
		panic(err)
	}
	var sheets []survey.Sheet
	add := func(group string, month time.Month, ratings string) {
		for _, r := range ratings {
			sheets = append(sheets, survey.Sheet{At: time.Date(2026, month, 9, 0, 0, 0, 0, time.UTC),
				Facts: map[string]string{"group": group}, Answers: survey.Answers{"overall": string(r)}})
		}
	}
	add("mail", time.March, "55444333215554")
	add("network", time.April, "22113321")
	add("phones", time.April, "55")
	groups, err := s.Satisfaction("overall", sheets, survey.Cut{By: "group"})
	if err != nil {
		panic(err)
	}
	for _, g := range groups {
		fmt.Println(g.Key+":", g.Figure)
	}
	groups, _ = s.Satisfaction("overall", sheets, survey.Cut{By: "group", Least: 5})
	for _, g := range groups {
		fmt.Println(g.Key, "hidden:", g.Hidden)
	}
	groups, _ = s.Satisfaction("overall", sheets, survey.Cut{By: survey.ByMonth})
	for _, c := range survey.Trend(groups) {
		fmt.Println("from", c.From, "to", c.To, "by", c.By, "clear:", c.Clear)
	}
	// Output:
	// mail: 9 of 14 gave 4 and 5 of 5: 64.29 (38.76 to 83.66) %, average 3.79
	// network: 0 of 8 gave 4 and 5 of 5: 0 (0 to 32.44) %, average 1.88
	// phones: 2 of 2 gave 4 and 5 of 5: 100 (34.24 to 100) %, average 5
	// mail hidden: false
	// network hidden: true
	// phones hidden: true
	// from 2026-03 to 2026-04 by -44.29 clear: false
}

// A survey tells what is asked next, as the answers come in, and what is wrong with them.
func ExampleSurvey_Asked() {
	s, err := survey.Parse([]byte(csat))
	if err != nil {
		panic(err)
	}
	for _, so := range []survey.Answers{{"overall": "5"}, {"overall": "2"}} {
		var names []string
		for _, q := range s.Asked(so) {
			names = append(names, q.Name)
		}
		fmt.Println(names)
	}
	_, err = s.Check(survey.Answers{"overall": "5", "why": "it was slow"})
	fmt.Println(errors.Is(err, workflow.ErrInvalid), err)
	// Output:
	// [overall]
	// [overall why]
	// true survey: answers to csat version 1: invalid: why is not asked: it depends on the answer to overall
}
