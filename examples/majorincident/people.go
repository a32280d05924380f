package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing/escalation"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// pager calls people, one after the other, until somebody answers.
type pager struct {
	engine    *escalation.Engine
	directory escalation.Directory
	call      *escalation.Escalation // under way, or nil
}

func newPager(rotas *oncall.Book) (*pager, error) {
	engine, err := ladders()
	return &pager{engine: engine, directory: escalation.Directory{Rotas: rotas, People: company{}}}, err
}

// pageManager calls a manager of major incidents when one is proposed.
func (h *house) pageManager(ctx context.Context, d workflow.Due) error {
	if err := h.mail.Handle(ctx, d); err != nil || h.pager.rings() {
		return err
	}
	e, steps, err := h.pager.engine.Start(escalation.Facts{"group": "major incidents"}, h.pager.directory, h.now)
	if err != nil {
		return err
	}
	h.pager.call = &e
	report(steps, h.say)
	return nil
}

// rings reports whether somebody is being called.
func (p *pager) rings() bool { return p.call != nil && p.call.State == escalation.Running }

// advance calls whoever is to be called by now.
func (p *pager) advance(now time.Time, say func(string, ...any)) error {
	if !p.rings() || now.Before(p.call.Next) {
		return nil
	}
	e, steps, err := p.engine.Advance(*p.call, p.directory, now)
	if err != nil {
		return err
	}
	p.call = &e
	report(steps, say)
	return nil
}

func (p *pager) answer(by string, now time.Time) error {
	e, err := p.call.Acknowledge(by, now)
	p.call = &e
	return err
}

func report(steps []escalation.Step, say func(string, ...any)) {
	for _, s := range steps {
		say("     phone of %s rings, %s: %s", strings.Join(names(s.Tell), ", "), s.Name, s.Tell[0].Why)
	}
}

func names(contacts []escalation.Contact) []string {
	var list []string
	for _, c := range contacts {
		list = append(list, c.Person)
	}
	return list
}

// mailbox is how people are told. It keeps in mind what it has delivered, since a relay
// may deliver a message twice.
type mailbox struct {
	say       func(string, ...any)
	had       map[string]bool // by message
	delivered []delivery
}

type delivery struct{ topic, number, to string }

// worth says which messages the story tells of. The others are delivered silently.
var worth = map[string]string{
	incident.TopicBreach:         "service level breached",
	incident.TopicWarning:        "service level warning",
	incident.TopicMajorProposed:  "proposed as a major incident",
	incident.TopicMajorUndecided: "nobody has decided yet",
	incident.TopicUpdateDue:      "an update is due",
	incident.TopicUpdateOverdue:  "an update is overdue",
	incident.TopicActionDue:      "an action is due",
	incident.TopicReassigned:     "given to another group",
	change.TopicApproval:         "your approval is asked for",
	problem.TopicFixesDone:       "all fixes are done",
}

// notice is what the notices of all practices have in common.
type notice struct {
	Number, Title, Text, Target, Threshold string
	To                                     []string
}

func (m *mailbox) Handle(_ context.Context, d workflow.Due) error {
	if m.had[d.Key()] {
		return nil
	}
	var err error
	switch topic := d.Message.Topic; topic {
	case incident.TopicMajorUpdate:
		err = m.update(d.Message.Payload)
	case announce.TopicNotice:
		err = m.outage(d.Message.Payload)
	default:
		err = m.notice(topic, d.Message.Payload)
	}
	m.had[d.Key()] = err == nil
	return err
}

func (m *mailbox) notice(topic string, payload []byte) error {
	var n notice
	if err := json.Unmarshal(payload, &n); err != nil {
		return workflow.Permanent(err)
	}
	for _, to := range n.To {
		m.delivered = append(m.delivered, delivery{topic, n.Number, to})
	}
	if words, told := worth[topic]; told && len(n.To) > 0 {
		text := n.Text
		if n.Target != "" {
			text = strings.Trim(text+", "+n.Target+" "+n.Threshold, ", ")
		}
		m.say("     to %s: %s, %s%s", strings.Join(n.To, ", "), n.Number, words, prefixed(": ", text))
	}
	return nil
}

// update is one to an audience of a major incident.
func (m *mailbox) update(payload []byte) error {
	var b major.Bulletin
	if err := json.Unmarshal(payload, &b); err != nil {
		return workflow.Permanent(err)
	}
	to := strings.Join(append(b.To, b.Bcc...), ", ")
	m.delivered = append(m.delivered, delivery{incident.TopicMajorUpdate, b.Number, to})
	m.say("     %s to %s%s: %q", words(string(b.Channel)), words(string(b.Audience)), prefixed(", ", to), b.Subject)
	return nil
}

// outage is word to those whom an outage touches.
func (m *mailbox) outage(payload []byte) error {
	var n announce.Notice
	if err := json.Unmarshal(payload, &n); err != nil {
		return workflow.Permanent(err)
	}
	for _, r := range n.To {
		m.delivered = append(m.delivered, delivery{announce.TopicNotice, n.Number, r.Person})
		why := ""
		if n.Stage == announce.Reported {
			why = prefixed(", since: ", strings.Join(r.Why, "; "))
		}
		m.say("     %s to %s: %q%s", r.Channels[0], r.Person, n.Words["en"].Title, why)
	}
	return nil
}

// told lists who was told of a topic, with repetitions.
func (m *mailbox) told(topic string) []string {
	var people []string
	for _, d := range m.delivered {
		if d.topic == topic {
			people = append(people, d.to)
		}
	}
	return people
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// refused tells why something was refused, which it must have been.
func (h *house) refused(what string, err, want error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("%s: that should have been refused as %w, not with %w", what, want, err)
	}
	h.say("%s. That is refused:\n%v", what, err)
	return nil
}
