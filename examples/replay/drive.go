package main

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/itsm-go/itsm/examples/replay/report"
	"github.com/itsm-go/itsm/examples/replay/snlog"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
)

// driver takes a log through the service desk, event by event, in the order of
// time, as if it happened now.
type driver struct {
	desk     *serviceDesk
	progress io.Writer
	total    int // rows of the log

	mu      sync.Mutex // of what follows
	done    int        // of the rows
	tally   *report.Tally
	refused map[string]int
	holds   map[workflow.ID][]report.Spell
}

// course is where one incident of the log stands in the replay.
type course struct {
	logged snlog.Incident
	order  int       // in the file
	next   int       // the row to come; -1 before the incident is opened
	at     time.Time // when it is its turn
	inc    *incident.Incident
	waits  incident.HoldReason // for what, since when
	since  time.Time
}

func (c *course) advance() bool {
	c.next++
	if c.next == len(c.logged.Rows) {
		return false
	}
	// A row dated before its predecessor keeps its place in the file.
	if t := c.logged.Rows[c.next].Updated; t.After(c.at) {
		c.at = t
	}
	return true
}

// agenda orders the courses by time, and by their place in the file at the same
// time.
type agenda []*course

func (a agenda) Len() int      { return len(a) }
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a agenda) Less(i, j int) bool {
	return cmp.Or(a[i].at.Compare(a[j].at), cmp.Compare(a[i].order, a[j].order)) < 0
}
func (a *agenda) Push(x any) { *a = append(*a, x.(*course)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	c := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	return c
}

// run replays the incidents of a log, and lets go of each when it is done.
func (d *driver) run(ctx context.Context, incidents []snlog.Incident) error {
	todo := d.agenda(incidents)
	var waiting []*course // when the log ends
	var err error
	if d.desk.workers > 1 {
		waiting, err = d.together(ctx, todo)
	} else {
		waiting, err = d.alone(ctx, todo)
	}
	if err != nil {
		return err
	}
	if err := d.desk.windTo(ctx, d.desk.now().Add(2*time.Hour)); err != nil {
		return err
	}
	for _, c := range waiting {
		d.waited(c, d.desk.now())
	}
	return nil
}

// agenda takes the rows over from the incidents, each to its course.
func (d *driver) agenda(incidents []snlog.Incident) agenda {
	todo := make(agenda, 0, len(incidents))
	for i, inc := range incidents {
		opened := inc.Rows[0].Opened
		if opened.IsZero() {
			opened = inc.Rows[0].Updated
		}
		todo = append(todo, &course{logged: inc, order: i, next: -1, at: opened})
		d.total += len(inc.Rows)
		incidents[i].Rows = nil
	}
	heap.Init(&todo)
	return todo
}

// alone takes one step after the other, and returns the courses that wait for something
// when the log ends.
func (d *driver) alone(ctx context.Context, todo agenda) (waiting []*course, err error) {
	for len(todo) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := todo[0]
		if err := d.desk.windTo(ctx, c.at); err != nil {
			return nil, err
		}
		more, err := d.take(ctx, c)
		if err != nil {
			return nil, err
		}
		if more {
			heap.Fix(&todo, 0)
			continue
		}
		heap.Pop(&todo)
		if c.waits != "" {
			waiting = append(waiting, c)
		}
	}
	return waiting, nil
}

// take takes a course's step, and reports whether another is to come.
func (d *driver) take(ctx context.Context, c *course) (more bool, err error) {
	if err := d.step(ctx, c); err != nil {
		return false, fmt.Errorf("incident %s: %w", c.logged.Number, err)
	}
	if c.next >= 0 {
		d.tell(c.at)
	}
	d.watch(c)
	if more = c.advance(); !more {
		c.logged.Rows = nil
	}
	return more, nil
}

// tell says how far the replay is, every twentieth of it.
func (d *driver) tell(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done++; d.done*20/d.total > (d.done-1)*20/d.total {
		fmt.Fprintf(d.progress, "replayed %d of %d events, up to %s\n", d.done, d.total, at.Format("2 January 2006"))
	}
}

// watch notes for how long an incident waits for what.
func (d *driver) watch(c *course) {
	if c.inc == nil || c.inc.HoldReason == c.waits {
		return
	}
	d.waited(c, c.inc.UpdatedAt)
	c.waits, c.since = c.inc.HoldReason, c.inc.UpdatedAt
}

func (d *driver) waited(c *course, until time.Time) {
	if c.waits != "" {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.holds[c.inc.ID] = append(d.holds[c.inc.ID], report.Spell{
			Reason:  strings.ReplaceAll(string(c.waits), "_", " "),
			Elapsed: until.Sub(c.since), Business: d.desk.hours.Between(c.since, until),
		})
	}
}

// step opens an incident or replays its next row.
func (d *driver) step(ctx context.Context, c *course) error {
	if c.next < 0 {
		return d.open(ctx, c)
	}
	row := c.logged.Rows[c.next]
	if c.inc == nil {
		d.count("the incident could not be opened", "")
		return nil
	}
	r := &rowReplay{desk: d.desk, row: row, inc: c.inc, actor: agent(row.UpdatedBy)}
	reason, err := r.apply(ctx)
	c.inc = r.inc
	if err != nil {
		return fmt.Errorf("line %d: %w", row.Line, err)
	}
	d.count(reason, row.State)
	return nil
}

// count counts a row by why it was refused or, if it was not, by its state.
func (d *driver) count(refused, state string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if refused != "" {
		d.refused[refused]++
	} else {
		d.tally.Event(state)
	}
}

// open reports the incident as its first row describes it. Who has it is left to
// the rows, which tell when that became so.
func (d *driver) open(ctx context.Context, c *course) error {
	row := c.logged.Rows[0]
	inc, err := d.desk.incidents.At(c.at).Open(ctx, agent(row.OpenedBy), incident.Report{
		Title:       title(row),
		Caller:      cmp.Or(row.Caller, "unknown caller"),
		Channel:     channel(row.ContactType),
		Impact:      level(row.Impact),
		Urgency:     level(row.Urgency),
		Category:    row.Category,
		Subcategory: row.Subcategory,
		CIs:         list(row.ConfigurationItem),
		Details:     "number " + c.logged.Number + " in the log",
	})
	if refusal(err) == "" {
		c.inc = inc
		return err
	}
	return nil
}

// refusal puts a library's refusal into a few words, for counting; it is empty
// for errors that are no refusals, which end the replay.
func refusal(err error) string {
	var t *workflow.TransitionError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &t):
		return fmt.Sprintf("%s: not possible when %s", t.Action, t.From)
	case errors.Is(err, workflow.ErrOutOfOrder):
		return "dated before the event that precedes it"
	case errors.Is(err, workflow.ErrTransition):
		return "update: not possible any more"
	case errors.Is(err, workflow.ErrForbidden):
		return "not allowed to the person"
	case errors.Is(err, workflow.ErrInvalid):
		return "invalid data"
	}
	return ""
}
