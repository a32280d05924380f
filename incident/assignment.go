package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// WorkFacts is an incident as rules of assignment and monitors see it: "category",
// "subcategory", "service", "ci" (each that is affected), "priority" as a number,
// "impact", "urgency", "caller", "customer", "channel", "vip" ("true"), "group",
// "assignee", "state", "hold_reason", and its custom fields as "field.name". What is
// empty is not set.
func WorkFacts(inc *Incident) routing.Facts {
	f := routing.Facts{}
	set := func(name, value string) {
		if value != "" {
			f[name] = append(f[name], value)
		}
	}
	set("category", inc.Category)
	set("subcategory", inc.Subcategory)
	set("service", inc.Service)
	for _, ci := range inc.Items(CIManual, CIComputed) {
		set("ci", ci)
	}
	if inc.Priority != 0 {
		set("priority", strconv.Itoa(int(inc.Priority)))
	}
	set("impact", inc.Impact.String())
	set("urgency", inc.Urgency.String())
	set("caller", inc.Caller)
	set("customer", inc.Customer)
	set("channel", string(inc.Channel))
	if inc.VIP {
		set("vip", "true")
	}
	set("group", inc.Group)
	set("assignee", inc.Assignee)
	set("state", inc.State)
	set("hold_reason", string(inc.HoldReason))
	for name, value := range inc.Fields {
		if value != nil {
			set("field."+name, factOf(value))
		}
	}
	return f
}

// factOf writes a custom field as rules compare it: a number without an exponent.
func factOf(value any) string {
	if n, ok := value.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// Situation tells how things stand when [Config.Rules] assign an incident: who has what
// to do, for example by [Service.Workload], who is on call, who has worked on such a
// thing before. Time and turns are filled in. It is asked within commands like a
// [Router].
type Situation func(ctx context.Context, inc *Incident, at time.Time) (routing.Situation, error)

// TurnsKind is the kind, in a store, of the records that tell whose turn it was last in
// a group.
const TurnsKind = "incident_turns"

// Turns is whose turn it was last in a group. It is written in the commit of the
// incident that was assigned, so turns are fair however many are opened at once.
type Turns struct {
	workflow.Record

	Group string       `json:"group"`
	Last  routing.Turn `json:"last"`
}

func newTurns() (*workflow.Kind[*Turns], error) {
	return workflow.NewKind(workflow.KindConfig[*Turns]{Name: TurnsKind, New: func() *Turns { return new(Turns) },
		Clone: func(t *Turns) *Turns {
			c := *t
			c.Record = t.Record.Clone()
			return &c
		}})
}

// byRules lets the rules assign an incident that is about to be opened. Why they do not
// is one thing, a store that fails another.
func (st *step) byRules() (r Routing, why, fatal error) {
	s, now := routing.Situation{}, st.tx.Now()
	if f := st.s.cfg.Situation; f != nil {
		if s, why = f(st.tx.Context(), st.inc.clone(), now); why != nil {
			return Routing{}, why, nil
		}
	}
	s.At, s.Turns = now, nil
	w := routing.Work{Facts: WorkFacts(st.inc)}
	d, why := st.s.cfg.Rules.Route(w, s)
	if why != nil {
		return Routing{}, why, nil
	}
	if d.Turn != nil {
		if d, fatal = st.takeTurn(w, s, d.Group); fatal != nil {
			return Routing{}, nil, fatal
		}
	}
	return Routing{Group: d.Group, Person: d.Person, Explanation: st.s.cfg.Rules.Explain(w, d).String()}, nil, nil
}

// takeTurn decides again by whose turn it is in the group, and keeps that.
func (st *step) takeTurn(w routing.Work, s routing.Situation, group string) (routing.Decision, error) {
	id := uuid.NewSHA1(turnsSpace, []byte(group))
	t, err := st.s.turns.GetOrCreate(st.tx, id, func() *Turns { return &Turns{Group: group} })
	if err != nil {
		return routing.Decision{}, err
	}
	s.Turns = map[string]routing.Turn{group: t.Last}
	d, err := st.s.cfg.Rules.Route(w, s)
	if err != nil || d.Turn == nil {
		return d, err
	}
	t.Last = *d.Turn
	return d, st.s.turns.Put(st.tx, t, workflow.Entry{Note: "given to " + d.Person})
}

// turnsSpace is the namespace of the ids of [Turns], which are made from the groups' names.
var turnsSpace = uuid.MustParse("0d4b0f0e-6f0a-5d0c-9b57-2f9f6c7f6a11")

// FromRotas returns a hook that tells who is on call by the rota that has the name of
// the group.
func FromRotas(book *oncall.Book) OnCall {
	return func(_ context.Context, group string, at time.Time) (string, bool, error) {
		if _, err := book.Roster(group); err != nil {
			return "", false, err
		}
		person, _ := book.OnCall(group, "", at)
		return person, person != "", nil
	}
}

// Workload reads from the store what everybody has to do: the weights of the open
// incidents of each assignee, as [Config.Rules] weigh them or each 1, and when he was
// given the last of them, whoever had it before: [Incident].GivenAt. It reads all open incidents: a host with very many keeps the
// figures by itself.
func (s *Service) Workload(ctx context.Context) (map[string]routing.Load, error) {
	loads := map[string]routing.Load{}
	open := workflow.In(IndexCategory, workflow.StringKey(workflow.CategoryNew.String()),
		workflow.StringKey(workflow.CategoryActive.String()), workflow.StringKey(workflow.CategoryOnHold.String()))
	for inc, err := range s.Find(ctx, workflow.Query{Where: []workflow.Condition{open}}) {
		if err != nil {
			return nil, err
		}
		if inc.Assignee == "" {
			continue
		}
		l, weight := loads[inc.Assignee], 1
		if s.cfg.Rules != nil {
			weight = s.cfg.Rules.Weigh(WorkFacts(inc))
		}
		l.Weight += weight
		given := inc.GivenAt
		if given.IsZero() { // written before there was such a field
			given = inc.AssignedAt
		}
		if given.After(l.Given) {
			l.Given = given
		}
		loads[inc.Assignee] = l
	}
	return loads, nil
}

// Hops reads the history of an incident's assignments, in which [routing.Bounces] finds
// ping-pong.
func (s *Service) Hops(ctx context.Context, id workflow.ID) ([]routing.Hop, error) {
	var hops []routing.Hop
	var replay workflow.Replayer
	for e, err := range s.desk.Store().Events(ctx, "", workflow.Filter{Record: s.kind.Ref(id)}) {
		if err != nil {
			return nil, err
		}
		if err := replay.Apply(e); err != nil {
			return nil, err
		}
		raw, err := replay.State()
		if err != nil {
			return nil, err
		}
		var at struct {
			Group    string `json:"group"`
			Assignee string `json:"assignee"`
		}
		if err := json.Unmarshal(raw, &at); err != nil {
			return nil, err
		}
		if n := len(hops); n > 0 && hops[n-1].Group == at.Group && hops[n-1].Person == at.Assignee {
			continue
		}
		hops = append(hops, routing.Hop{At: e.At, Group: at.Group, Person: at.Assignee, By: e.Actor.ID})
	}
	if hops == nil {
		return nil, fmt.Errorf("incident: %s: %w", id, workflow.ErrNotFound)
	}
	return hops, nil
}
