package sqlstore

import (
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// The lanes of work. Only the first piece of a record's timers, and of its
// messages, can be claimed, so only that one stands in an index by time: what a
// claim costs depends on the records with something due, not on all that waits.
const (
	laneBehind = iota // another piece of the record comes first
	laneFree          // first, and free once it is due
	laneHeld          // first, but leased or put off until ready
	laneParked        // a dead letter, which holds nothing up
)

const (
	timersOf  = "SELECT name, due, ready, lane, out FROM itsm_timers WHERE kind = ? AND id = ?"
	addTimer  = "INSERT INTO itsm_timers (kind, id, name, tenant, due, ready, lane, out, attempt, token, error, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, '', ?8)"
	setTimer  = "UPDATE itsm_timers SET due = ?5, ready = ?6, lane = ?7, out = 0, attempt = 0, token = 0, error = '', payload = ?8 WHERE kind = ?1 AND id = ?2 AND name = ?3 AND tenant = ?4"
	dropTimer = "DELETE FROM itsm_timers WHERE kind = ? AND id = ? AND name = ?"
	laneTimer = "UPDATE itsm_timers SET lane = ? WHERE kind = ? AND id = ? AND name = ?"
)

// timer is a stored timer as far as the order of its record's timers goes.
type timer struct {
	name       string
	due, ready int64
	lane       int
	out        bool

	set     *workflow.Timer // to be stored as new content
	stored  bool
	dropped bool
}

// timers are all timers of one record, read, changed and stored together.
type timers struct {
	kind int64
	id   workflow.ID
	list []*timer
}

func (c *commit) setTimers(changes []workflow.Timer) error {
	byRef := map[workflow.Ref]*timers{}
	var order []*timers // of first mention, so that commits are reproducible
	for i := range changes {
		t := &changes[i]
		of := byRef[t.Ref]
		if of == nil {
			kind, err := c.ensure(kindLevel, c.tenant, t.Ref.Kind)
			if err != nil {
				return err
			}
			if of, err = c.timersOf(kind, t.Ref.ID); err != nil {
				return err
			}
			byRef[t.Ref] = of
			order = append(order, of)
		}
		of.set(t)
	}
	for _, of := range order {
		if err := c.storeTimers(of, c.tenant, always); err != nil {
			return err
		}
	}
	return nil
}

func (n *namer) timersOf(kind int64, id workflow.ID) (*timers, error) {
	rows, err := n.query(timersOf, kind, id[:])
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	of := &timers{kind: kind, id: id}
	for rows.Next() {
		t := &timer{stored: true}
		if err := rows.Scan(&t.name, &t.due, &t.ready, &t.lane, &t.out); err != nil {
			return nil, err
		}
		of.list = append(of.list, t)
	}
	return of, rows.Err()
}

func (of *timers) named(name string) *timer {
	for _, t := range of.list {
		if t.name == name {
			return t
		}
	}
	return nil
}

// set replaces the timer of the name, or takes it away.
func (of *timers) set(change *workflow.Timer) {
	t := of.named(change.Name)
	if change.Due.IsZero() {
		if t != nil {
			t.dropped = true
		}
		return
	}
	if t == nil {
		t = &timer{name: change.Name}
		of.list = append(of.list, t)
	}
	t.due = encodeTime(change.Due)
	t.ready, t.lane, t.out, t.set = t.due, laneBehind, false, change
}

// first is the timer that is out, or else the one that is due first. It is nil
// when all are parked or gone.
func (of *timers) first() *timer {
	var first *timer
	for _, t := range of.list {
		switch {
		case t.dropped || t.lane == laneParked:
		case t.out:
			return t
		case first == nil || t.due < first.due || t.due == first.due && strings.Compare(t.name, first.name) < 0:
			first = t
		}
	}
	return first
}

// laneOf is where the timer belongs. What was put off until now is free.
func (t *timer) laneOf(first *timer, now int64) int {
	switch {
	case t.lane == laneParked:
		return laneParked
	case t != first:
		return laneBehind
	case t.out || t.ready > max(t.due, now):
		return laneHeld
	}
	return laneFree
}

// storeTimers writes what was set or taken away, and gives every timer the lane
// that follows from it.
func (n *namer) storeTimers(of *timers, tenant, now int64) error {
	first := of.first()
	for _, t := range of.list {
		lane := t.laneOf(first, now)
		var err error
		switch {
		case t.dropped && t.stored:
			_, err = n.exec(dropTimer, of.kind, of.id[:], t.name)
		case t.dropped:
		case t.set != nil:
			statement := addTimer
			if t.stored {
				statement = setTimer
			}
			_, err = n.exec(statement, of.kind, of.id[:], t.name, tenant, t.due, t.ready, lane, t.set.Payload)
		case t.lane != lane:
			_, err = n.exec(laneTimer, lane, of.kind, of.id[:], t.name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
