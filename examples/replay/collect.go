package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/itsm-go/itsm/examples/replay/report"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
)

// collector reads the figures back from what is stored.
type collector struct {
	desk  *serviceDesk
	tally *report.Tally
	holds map[workflow.ID][]report.Spell
	end   time.Time // of the replay
}

// run adds every incident to the tally and returns the explanation of one
// breach, as an example.
func (c *collector) run(ctx context.Context) (breach string, err error) {
	for inc, err := range c.desk.incidents.Find(ctx, workflow.Query{}) {
		if err != nil {
			return "", err
		}
		r, err := c.record(inc)
		if err != nil {
			return "", err
		}
		r.Holds = c.holds[inc.ID]
		c.tally.Add(r)
		if breach == "" {
			if breach, err = c.explain(inc); err != nil {
				return "", err
			}
		}
	}
	return breach, nil
}

func (c *collector) record(inc *incident.Incident) (report.Record, error) {
	r := report.Record{
		Opened: inc.CreatedAt, Closed: inc.ClosedAt, Assigned: inc.AssignedAt,
		Priority: int(inc.Priority), Group: inc.Group, Category: inc.Category,
		Reopens: inc.Reopened, Reassignment: inc.Reassignments,
	}
	r.AssignBusiness = c.desk.hours.Between(r.Opened, r.Assigned)
	if res := inc.Resolution; res != nil && c.desk.incidents.Category(inc) != workflow.CategoryActive {
		r.Resolved = res.At
		r.ResolveBusiness = c.desk.hours.Between(r.Opened, r.Resolved)
	}
	for _, k := range inc.Clocks {
		reading, err := c.desk.incidents.Reading(inc, k.Target, c.end)
		if err != nil {
			return r, err
		}
		held, err := c.desk.incidents.Engine().Attribution(k, c.end)
		if err != nil {
			return r, err
		}
		for _, h := range held {
			r.Held = append(r.Held, report.Hand{Target: k.Target, Group: h.Group, Business: h.Running, Breached: h.Breached})
		}
		r.Targets = append(r.Targets, report.Verdict{Target: k.Target,
			Met: reading.Met(), Breached: reading.Breached})
	}
	return r, nil
}

// explain accounts for the resolution clock of an incident that breached it
// after having waited, and is short enough to read.
func (c *collector) explain(inc *incident.Incident) (string, error) {
	k := inc.Clock(targetResolve)
	if k == nil || !k.Breached || inc.Priority < incident.P3 || len(k.Periods) < 4 {
		return "", nil
	}
	x, err := c.desk.incidents.Explain(inc, targetResolve, c.end)
	if err != nil || len(x.Lines) > 16 {
		return "", err
	}
	return fmt.Sprintf("%s, %v\n%s", inc.Number, inc.Priority, x), nil
}

// verify reads everything again: the hash chains, that the events give the
// stored records, and that they give the stored clocks.
func verify(ctx context.Context, d *serviceDesk, progress io.Writer) error {
	check := func(doc workflow.Document, events []workflow.Event) error {
		if doc.Kind != incident.KindName {
			return nil
		}
		return d.incidents.Verify(doc, events)
	}
	v, err := workflow.VerifyStore(ctx, d.store, check, incident.KindName, "counter")
	if err != nil {
		return fmt.Errorf("verification failed: %w", err)
	}
	fmt.Fprintf(progress, "verified %d records and %d events: chains whole, replay equals what is stored\n", v.Records, v.Events)
	return nil
}
