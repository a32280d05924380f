package sample

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

var header = []string{
	"number", "incident_state", "active", "reassignment_count", "reopen_count", "sys_mod_count", "made_sla", "caller_id",
	"opened_by", "opened_at", "sys_created_by", "sys_created_at", "sys_updated_by", "sys_updated_at", "contact_type", "location",
	"category", "subcategory", "u_symptom", "cmdb_ci", "impact", "urgency", "priority", "assignment_group", "assigned_to",
	"knowledge", "u_priority_confirmation", "notify", "problem_id", "rfc", "vendor", "caused_by", "closed_code", "resolved_by",
	"resolved_at", "closed_at",
}

const missing = "?"

// Ways that chance would hardly give to so few incidents, by the incident that
// goes them: every kind of row a replay may have to refuse is there.
var unusualWays = map[int][]string{
	211:  {isNew, unknown, unknown, isResolved, isClosed},
	404:  {isNew, isActive, isResolved, isClosed, isActive, userInfo, isResolved, isClosed},
	680:  {isNew, isClosed},
	911:  {isNew, isActive, vendor, evidence, isResolved, isClosed},
	1204: {isNew, isActive, isResolved, isActive, isResolved, userInfo, isResolved, isClosed},
	1500: {isActive, isResolved, isClosed, isActive, isActive, isResolved, isClosed},
	1777: {isNew, isActive, problem, userInfo, isResolved, isClosed, isClosed},
}

// The second row of this incident is older than its first.
const clockGoesBack = 137

// Write writes a log of so many incidents as CSV. The same seed gives the same
// bytes, on every machine. Its only errors are those of w.
func Write(w io.Writer, seed uint64, incidents int) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	arrivals := make([]time.Time, incidents)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range arrivals {
		arrivals[i] = arrival(r)
	}
	slices.SortFunc(arrivals, time.Time.Compare)
	for i, opened := range arrivals {
		inc := history(rand.New(rand.NewPCG(seed, uint64(i)+1)), i, opened)
		if err := out.WriteAll(inc.records()); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// arrival draws when an incident is opened: nearly always in the three months
// the log is about.
func arrival(r *rand.Rand) time.Time {
	monday := time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC)
	week := r.IntN(13)
	if chance(r, 15) {
		week = 13 + r.IntN(4)
	}
	day := monday.AddDate(0, 0, 7*week+pickIndex(r, byWeekday))
	return day.Add(time.Duration(pickIndex(r, byHour)*60+r.IntN(60)) * time.Minute)
}

// An incident holds what all its rows share, and the rows.
type incident struct {
	number                                     string
	opened, resolved, closed                   time.Time
	caller, openedBy, createdBy, contact, site string
	symptom, ci, closeCode, resolvedBy         string
	created                                    string
	rows                                       []row
	madeSLA                                    bool
}

type row struct {
	state                             string
	at                                time.Time
	reassignments, reopens, updates   int
	updatedBy, category, subcategory  string
	grading                           int
	group, assignee                   string
	confirmed, knowledge, notify      bool
	problem, change, vendor, causedBy string
}

const maxRows = 60

// history draws the incident that has the index i in the log.
func history(r *rand.Rand, i int, opened time.Time) *incident {
	inc := newIncident(r, i, opened)
	way := unusualWays[i]
	now := firstRow(r, opened)
	if way != nil {
		now.state = way[0]
	}
	oneGroup := chance(r, 265)
	for {
		inc.rows = append(inc.rows, now)
		next := theEnd
		switch n := len(inc.rows); {
		case way != nil && n < len(way):
			next = way[n]
		case way == nil && n >= maxRows && now.state != isClosed:
			next = isClosed
		case way == nil && n < maxRows:
			next = pick(r, nextStates[now.state])
		}
		if next == theEnd {
			break
		}
		now = now.after(r, next, oneGroup)
	}
	if i == clockGoesBack {
		inc.rows = slices.Insert(inc.rows, 1, inc.rows[0])
		inc.rows[1].at = inc.rows[0].at.Add(-78 * time.Minute)
	}
	inc.finish(r)
	return inc
}

func newIncident(r *rand.Rand, i int, opened time.Time) *incident {
	inc := &incident{
		number:    fmt.Sprintf("INC%07d", 10001+i),
		opened:    opened,
		caller:    numbered("Caller", r.IntN(1400)),
		openedBy:  numbered("Opened by", r.IntN(60)),
		contact:   pick(r, contactTypes),
		site:      pick(r, locations),
		symptom:   missing,
		ci:        missing,
		closeCode: pick(r, closeCodes),
		createdBy: missing,
		created:   missing,
	}
	if chance(r, 34) {
		inc.openedBy = missing
	}
	if chance(r, 767) {
		inc.symptom = numbered("Symptom", r.IntN(300))
	}
	if chance(r, 3) {
		inc.ci = numbered("cmdb_ci", r.IntN(40))
	}
	if chance(r, 540) {
		inc.createdBy, inc.created = numbered("Created by", r.IntN(60)), clock(opened.Add(time.Duration(firstLag.draw(r))*time.Minute))
	}
	return inc
}

func firstRow(r *rand.Rand, opened time.Time) row {
	weights := make([]int, len(gradings))
	for i, g := range gradings {
		weights[i] = g.first
	}
	first := row{
		state:     pick(r, firstStates),
		at:        opened.Add(time.Duration(firstLag.draw(r)) * time.Minute),
		updatedBy: numbered("Updated by", r.IntN(200)),
		category:  pick(r, categories),
		grading:   pickIndex(r, weights),
		group:     missing,
		assignee:  missing,
		problem:   missing, change: missing, vendor: missing, causedBy: missing,
	}
	first.subcategory = numbered(first.category, 1+r.IntN(4))
	if chance(r, 964) {
		first.group = pick(r, groups)
	}
	if chance(r, 713) {
		first.assignee = resolver(r, first.group)
	}
	return first
}

// after draws the row that follows this one.
func (now row) after(r *rand.Rand, state string, oneGroup bool) row {
	next := now
	next.state = state
	next.at = later(r, now, state)
	next.updates++
	if chance(r, 110) {
		next.updates += 1 + r.IntN(6)
	}
	next.updatedBy = numbered("Updated by", r.IntN(200))
	done := now.state == isResolved || now.state == isClosed
	if done && state != isResolved && state != isClosed {
		next.reopens++
	}
	if state == isClosed {
		return next
	}
	next.reassign(r, now.state == state, oneGroup)
	if chance(r, 14) {
		next.category = pick(r, categories)
		next.subcategory = numbered(next.category, 1+r.IntN(4))
	}
	if chance(r, 4) {
		weights := make([]int, len(gradings))
		for i, g := range gradings {
			weights[i] = g.later
		}
		next.grading = pickIndex(r, weights)
	}
	next.confirmed = next.confirmed || state == isResolved && chance(r, 768)
	next.knowledge = next.knowledge || state == isResolved && chance(r, 142)
	next.notify = next.notify || chance(r, 1)
	next.relate(r)
	return next
}

// reassign gives the row another group, an assignee, or takes them away.
func (next *row) reassign(r *rand.Rand, sameState, oneGroup bool) {
	moves := map[string]int{isNew: 900, isActive: 255, userInfo: 40, vendor: 350, isResolved: 75}[next.state]
	if sameState {
		moves = map[string]int{isNew: 900, isActive: 580, userInfo: 260, vendor: 390, problem: 270, isResolved: 150}[next.state]
	}
	if !oneGroup && chance(r, moves) {
		was := next.group
		for next.group == was {
			next.group = pick(r, groups)
		}
		next.reassignments++
		next.assignee = missing
		if chance(r, 700) {
			next.assignee = resolver(r, next.group)
		}
		return
	}
	gains := map[string]int{isResolved: 880, isActive: 280, userInfo: 160}[next.state]
	switch {
	case next.assignee == missing && chance(r, gains):
		next.assignee = resolver(r, next.group)
	case next.group == missing && chance(r, 170):
		next.group = groups[0].value
	case next.group != missing && chance(r, 32):
		next.group = missing
	case next.assignee != missing && chance(r, 25):
		next.assignee = missing
	}
}

// relate names the problem, change or vendor the incident has to do with.
func (next *row) relate(r *rand.Rand) {
	if next.problem == missing && (next.state == problem || chance(r, 3)) {
		next.problem = numbered("Problem ID", r.IntN(60))
	}
	if next.change == missing && chance(r, 2) {
		next.change = fmt.Sprintf("CHG%07d", r.IntN(900))
	}
	if next.vendor == missing && next.state == vendor && chance(r, 200) {
		next.vendor = numbered("Vendor", r.IntN(4))
		next.causedBy = next.change
	}
}

// later draws when the next row happens: what takes longer than half an hour is
// mostly done in office hours, but an incident is closed by the machine.
func later(r *rand.Rand, now row, state string) time.Time {
	minutes := lag(r, now.state, state)
	at := now.at.Add(time.Duration(minutes) * time.Minute)
	if minutes < 30 || state == isClosed || chance(r, 80) {
		return at
	}
	weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
	if !weekend && at.Hour() >= 8 && at.Hour() < 18 {
		return at
	}
	day := time.Date(at.Year(), at.Month(), at.Day(), 8, 0, 0, 0, time.UTC)
	for day.Before(at) || day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	return day.Add(time.Duration(r.IntN(150)) * time.Minute)
}

// finish draws what is known only at the end, though it stands on every row.
func (inc *incident) finish(r *rand.Rand) {
	last := inc.rows[len(inc.rows)-1]
	inc.closed = last.at
	inc.resolvedBy = last.assignee
	done := inc.closed
	for i, row := range inc.rows {
		if row.state == isResolved && (i == 0 || inc.rows[i-1].state != isResolved) {
			done = row.at
		}
	}
	if !chance(r, 62) {
		inc.resolved = done
	}
	elapsed := done.Sub(inc.opened)
	switch gradings[last.grading].priority {
	case 1, 2:
		inc.madeSLA = chance(r, 10)
	case 3:
		inc.madeSLA = elapsed < 100*time.Hour
	default:
		inc.madeSLA = elapsed < 250*time.Hour
	}
}

func (inc *incident) records() [][]string {
	records := make([][]string, len(inc.rows))
	for i, row := range inc.rows {
		closed := row.state == isClosed
		graded := gradings[row.grading]
		notify := "Do Not Notify"
		if row.notify {
			notify = "Send Email"
		}
		records[i] = []string{
			inc.number, row.state, strconv.FormatBool(!closed), strconv.Itoa(row.reassignments), strconv.Itoa(row.reopens),
			strconv.Itoa(row.updates), strconv.FormatBool(inc.madeSLA || !closed), inc.caller,
			inc.openedBy, clock(inc.opened), inc.createdBy, inc.created, row.updatedBy, clock(row.at), inc.contact, inc.site,
			row.category, row.subcategory, inc.symptom, inc.ci, gradingNames[graded.impact], gradingNames[graded.urgency],
			priorityNames[graded.priority], row.group, row.assignee, strconv.FormatBool(row.knowledge), strconv.FormatBool(row.confirmed),
			notify, row.problem, row.change, row.vendor, row.causedBy, inc.closeCode, inc.resolvedBy,
			clock(inc.resolved), clock(inc.closed),
		}
	}
	return records
}

func clock(t time.Time) string {
	if t.IsZero() {
		return missing
	}
	return t.Format("2/1/2006 15:04")
}

func numbered(kind string, n int) string { return kind + " " + strconv.Itoa(n) }

// resolver names one of the half dozen people of a group.
func resolver(r *rand.Rand, group string) string {
	for i, g := range groups {
		if g.value == group {
			return numbered("Resolver", 6*i+r.IntN(6))
		}
	}
	return numbered("Resolver", r.IntN(6))
}
