package snlog

import (
	"strconv"
	"time"
)

// A Row is one event: the state of an incident after an update. A value the log
// does not give is the zero value. Identifiers stay as written, with whatever
// prefix the log puts before them.
type Row struct {
	Line int // where the row begins in the file, from 1; the header is line 1

	Number  string    // of the incident
	State   string    // as written: New, Active, Awaiting User Info and so on
	Updated time.Time // when the event happened
	Active  bool      // not closed yet

	Reassignments int  // how often the group changed so far
	Reopens       int  // how often it came back from Resolved or Closed so far
	Updates       int  // sys_mod_count: changes so far, logged or not
	MadeSLA       bool // as far as the log knows at this event

	Opened   time.Time
	Resolved time.Time // the final one, which may be later than Updated
	Closed   time.Time // likewise

	Impact, Urgency int // 1 (high) to 3 (low), 0 when missing
	Priority        int // 1 (critical) to 5 (planning)

	Caller, OpenedBy, UpdatedBy, ResolvedBy string
	ContactType, Location                   string
	Category, Subcategory, Symptom          string
	ConfigurationItem                       string
	AssignmentGroup, AssignedTo             string
	Problem, Change, Vendor, CausedBy       string // related records
	ClosedCode                              string
}

// An Incident is the history of one incident, in the order of the file.
type Incident struct {
	Number string
	Rows   []Row // at least one
}

// Last returns the event that decides what the log says of the incident.
func (i Incident) Last() Row { return i.Rows[len(i.Rows)-1] }

// A column says where a value of a row comes from and how it is read.
type column struct {
	name     string
	aliases  []string
	required bool // the column must be there, and every row must have a value
	set      func(r *Row, p *parser, value string) string
}

func text(field func(*Row) *string) func(*Row, *parser, string) string {
	return func(r *Row, p *parser, v string) string {
		*field(r) = p.intern(v)
		return ""
	}
}

func number(lo, hi int, field func(*Row) *int) func(*Row, *parser, string) string {
	return func(r *Row, p *parser, v string) string {
		n, err := strconv.Atoi(v)
		if err != nil || n < lo || n > hi {
			return "is not a number from " + strconv.Itoa(lo) + " to " + strconv.Itoa(hi)
		}
		*field(r) = n
		return ""
	}
}

// level reads "3" and "3 - Moderate".
func level(hi int, field func(*Row) *int) func(*Row, *parser, string) string {
	return func(r *Row, p *parser, v string) string {
		n := int(v[0] - '0')
		if n < 1 || n > hi || len(v) > 1 && v[1] != ' ' && v[1] != '-' {
			return "is not a level from 1 to " + strconv.Itoa(hi)
		}
		*field(r) = n
		return ""
	}
}

func flag(field func(*Row) *bool) func(*Row, *parser, string) string {
	return func(r *Row, p *parser, v string) string {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return "is neither true nor false"
		}
		*field(r) = b
		return ""
	}
}

func moment(field func(*Row) *time.Time) func(*Row, *parser, string) string {
	return func(r *Row, p *parser, v string) string {
		t, ok := p.time(v)
		if !ok {
			return "is not a time like 29/2/2016 01:16 or 2016-02-29 01:16"
		}
		*field(r) = t
		return ""
	}
}

const maxCount = 1_000_000

// columns returns the columns a row is made of, by their names in the log; the
// aliases are those that ServiceNow itself uses today.
func columns() []column {
	return []column{
		{"number", nil, true, text(func(r *Row) *string { return &r.Number })},
		{"incident_state", []string{"state"}, true, text(func(r *Row) *string { return &r.State })},
		{"sys_updated_at", []string{"sys_updated_on"}, true, moment(func(r *Row) *time.Time { return &r.Updated })},
		{"opened_at", nil, true, moment(func(r *Row) *time.Time { return &r.Opened })},
		{"priority", nil, true, level(5, func(r *Row) *int { return &r.Priority })},
		{"made_sla", nil, true, flag(func(r *Row) *bool { return &r.MadeSLA })},
		{"reassignment_count", nil, true, number(0, maxCount, func(r *Row) *int { return &r.Reassignments })},
		{"reopen_count", nil, true, number(0, maxCount, func(r *Row) *int { return &r.Reopens })},
		{"active", nil, false, flag(func(r *Row) *bool { return &r.Active })},
		{"sys_mod_count", nil, false, number(0, maxCount, func(r *Row) *int { return &r.Updates })},
		{"resolved_at", nil, false, moment(func(r *Row) *time.Time { return &r.Resolved })},
		{"closed_at", nil, false, moment(func(r *Row) *time.Time { return &r.Closed })},
		{"impact", nil, false, level(3, func(r *Row) *int { return &r.Impact })},
		{"urgency", nil, false, level(3, func(r *Row) *int { return &r.Urgency })},
		{"caller_id", nil, false, text(func(r *Row) *string { return &r.Caller })},
		{"opened_by", nil, false, text(func(r *Row) *string { return &r.OpenedBy })},
		{"sys_updated_by", nil, false, text(func(r *Row) *string { return &r.UpdatedBy })},
		{"resolved_by", nil, false, text(func(r *Row) *string { return &r.ResolvedBy })},
		{"contact_type", nil, false, text(func(r *Row) *string { return &r.ContactType })},
		{"location", nil, false, text(func(r *Row) *string { return &r.Location })},
		{"category", nil, false, text(func(r *Row) *string { return &r.Category })},
		{"subcategory", nil, false, text(func(r *Row) *string { return &r.Subcategory })},
		{"u_symptom", nil, false, text(func(r *Row) *string { return &r.Symptom })},
		{"cmdb_ci", nil, false, text(func(r *Row) *string { return &r.ConfigurationItem })},
		{"assignment_group", nil, false, text(func(r *Row) *string { return &r.AssignmentGroup })},
		{"assigned_to", nil, false, text(func(r *Row) *string { return &r.AssignedTo })},
		{"problem_id", nil, false, text(func(r *Row) *string { return &r.Problem })},
		{"rfc", nil, false, text(func(r *Row) *string { return &r.Change })},
		{"vendor", nil, false, text(func(r *Row) *string { return &r.Vendor })},
		{"caused_by", nil, false, text(func(r *Row) *string { return &r.CausedBy })},
		{"closed_code", []string{"close_code"}, false, text(func(r *Row) *string { return &r.ClosedCode })},
	}
}
