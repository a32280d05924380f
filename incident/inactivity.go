package incident

import (
	"fmt"
	"maps"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
)

// TopicInactive is the topic of the notices that nobody has taken care of an incident
// for too long. Target is the monitor's name, Do what it asks for. Of several that have
// come due at once, because nobody looked, only the last few are sent.
const TopicInactive = "incident.inactive"

// MaxMonitors is the most monitors there are.
const MaxMonitors = 50

// lateAlerts is how many alerts of one monitor are told at once: of those that are late
// together the last ones, so that however long nobody looked, the incident can be worked on.
const lateAlerts = 5

const (
	timerInactive   = "inactive/"
	commandInactive = "inactive"
	commandClock    = "clock"
	commandRemind   = "remind"
)

func compileMonitors(p *workflow.Problems, monitors []routing.Monitor) map[string]*routing.Watcher {
	if len(monitors) > MaxMonitors {
		p.Addf("%d monitors, at most %d", len(monitors), MaxMonitors)
		return nil
	}
	watchers := map[string]*routing.Watcher{}
	for _, m := range monitors {
		w, err := routing.NewWatcher(m)
		p.Add(err)
		if _, twice := watchers[m.Name]; twice {
			p.Addf("monitor %q is there twice", m.Name)
		}
		watchers[m.Name] = w
	}
	return watchers
}

// watch tells of what was left alone for too long until now, and notes that something
// has happened: the name of the command is the kind of activity, and "follow" what came
// from the incident's parent or children. What timers do is none.
func (st *step) watch() error {
	if len(st.s.watchers) == 0 && len(st.inc.Watches) == 0 {
		return nil
	}
	kind := st.name
	if kind == "" {
		kind = "follow"
	}
	facts := WorkFacts(st.inc)
	facts["state_category"] = []string{st.s.Category(st.inc).String()}
	watches := map[string]routing.Watch{}
	for _, name := range sortedKeys(st.s.watchers) {
		w := st.s.watchers[name]
		x, alerts := w.Advance(st.inc.Watches[name], st.tx.Now())
		for _, a := range alerts[max(0, len(alerts)-lateAlerts):] {
			if err := st.nobody(a); err != nil {
				return err
			}
		}
		if kind != commandInactive && kind != commandClock && kind != commandRemind {
			x = w.Touch(x, kind, facts, st.tx.Now())
		}
		if x != (routing.Watch{}) {
			watches[name] = x
		}
	}
	if !maps.Equal(st.inc.Watches, watches) {
		st.inc.Watches = watches
	}
	return nil
}

func (st *step) nobody(a routing.Alert) error {
	n := st.notice(st.inc.Group, st.inc.Assignee)
	n.Target, n.At, n.Do = a.Monitor, a.At, a.Do
	n.Text = fmt.Sprintf("nobody has taken care of it since %s", a.Since.Format(time.RFC3339))
	return st.tx.Send(st.s.kind.Ref(st.inc.ID), TopicInactive, n)
}
