package ical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"

	"github.com/itsm-go/itsm/change/forward"
	"github.com/itsm-go/itsm/change/schedule"
)

// Feed says how a schedule becomes a calendar.
type Feed struct {
	Name    string        // that programs show
	Domain  string        // of the host, such as "itsm.example.com": what makes its events differ from those of all others
	Now     time.Time     // DTSTAMP: when the feed is made
	Refresh time.Duration // how often it is worth to fetch it again, in whole minutes; zero: an hour
	Free    bool          // no change takes the time of whoever subscribes
}

// The categories of events, beside the types of changes.
const (
	CategoryConflict    = "conflict" // the change is in conflict
	CategoryBlackout    = "blackout"
	CategoryMaintenance = "maintenance"
)

// changeID names the property that has the id of a change.
const changeID = "X-ITSM-CHANGE"

var domain = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$`)

func (f Feed) validate() error {
	var p problems
	if strings.TrimSpace(f.Name) == "" {
		p.addf("the feed has no name")
	}
	if len(f.Name) > 1000 {
		p.addf("the feed's name has %d bytes, more than 1000", len(f.Name))
	}
	if !domain.MatchString(f.Domain) {
		p.addf("domain %q is none, want one such as itsm.example.com", clip(f.Domain))
	}
	if f.Now.IsZero() || f.Now.UTC().Year() < 1 || f.Now.UTC().Year() > 9999 {
		p.addf("the feed is made at %v", f.Now)
	}
	if f.Refresh < 0 || f.Refresh%time.Minute != 0 || f.Refresh > 31*24*time.Hour {
		p.addf("the feed is to be fetched again after %v, want whole minutes, up to 31 days", f.Refresh)
	}
	return p.err()
}

// Write writes the changes and windows that a schedule shows as one calendar. A feed
// that is wrong is an error matching [ErrInvalid] that lists everything, and then
// nothing is written.
func Write(w io.Writer, s *forward.Schedule, f Feed) error {
	if err := f.validate(); err != nil {
		return err
	}
	if f.Refresh == 0 {
		f.Refresh = time.Hour
	}
	object := ics.NewCalendar()
	object.SetProductId("-//itsm-go//change ical//EN")
	object.SetMethod(ics.MethodPublish)
	object.SetName(clean(f.Name))
	from, _ := s.Span()
	if zone := from.Location().String(); strings.Contains(zone, "/") {
		object.SetXWRTimezone(zone)
	}
	every := fmt.Sprintf("PT%dM", int(f.Refresh/time.Minute))
	object.SetRefreshInterval(every)
	object.SetXPublishedTTL(every)
	for _, e := range s.Entries() {
		f.addChange(object, e)
	}
	for i, windows := 0, s.Windows(); i < len(windows); i++ {
		if i == 0 || !same(windows[i-1], windows[i]) {
			f.addWindow(object, windows[i])
		}
	}
	if _, err := io.WriteString(w, object.Serialize(ics.WithNewLine("\r\n"))); err != nil {
		return fmt.Errorf("writing iCalendar: %w", err)
	}
	return nil
}

// same reports whether two windows would be one event.
func same(a, b forward.Window) bool {
	return a.Name == b.Name && a.Kind == b.Kind && a.Start.Equal(b.Start)
}

func (f Feed) addChange(object *ics.Calendar, e forward.Entry) {
	v := f.add(object, e.Start, e.End, "change", e.ID)
	v.SetSequence(e.Revision)
	v.SetProperty(changeID, clean(e.ID))
	summary := e.ID + " " + e.Title
	if len(e.Conflicts) > 0 {
		summary += " (in conflict)"
	}
	v.SetSummary(clean(summary))
	v.SetDescription(description(e))
	v.AddCategory(string(e.Type))
	if len(e.Conflicts) > 0 {
		v.AddCategory(CategoryConflict)
	}
	if len(e.Services) > 0 {
		v.SetLocation(clean(strings.Join(e.Services, ", ")))
	}
	status, takesTime := ics.ObjectStatusTentative, ics.TransparencyTransparent
	switch e.Status {
	case forward.Approved:
		status = ics.ObjectStatusConfirmed
		if !f.Free {
			takesTime = ics.TransparencyOpaque
		}
	case forward.Cancelled:
		status = ics.ObjectStatusCancelled
	}
	v.SetStatus(status)
	v.SetTimeTransparency(takesTime)
}

func (f Feed) addWindow(object *ics.Calendar, w forward.Window) {
	v := f.add(object, w.Start, w.End, "window", string(w.Kind), w.Name, w.Start.UTC().Format(time.RFC3339Nano))
	v.SetSequence(0)
	kind, category := "Blackout", CategoryBlackout
	if w.Kind == schedule.Maintenance {
		kind, category = "Maintenance", CategoryMaintenance
	}
	v.SetSummary(clean(kind + ": " + w.Name))
	v.SetDescription(clean(w.Covers()))
	v.AddCategory(category)
	v.SetStatus(ics.ObjectStatusConfirmed)
	v.SetTimeTransparency(ics.TransparencyTransparent)
}

// add adds an event whose UID depends on the parts and the domain.
func (f Feed) add(object *ics.Calendar, start, end time.Time, parts ...string) *ics.VEvent {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	v := object.AddEvent(hex.EncodeToString(sum[:16]) + "@" + strings.ToLower(f.Domain))
	v.SetDtStampTime(f.Now)
	v.SetStartAt(start.Truncate(time.Second))
	v.SetEndAt(end.Add(time.Second - time.Nanosecond).Truncate(time.Second))
	return v
}

// description tells what has no place elsewhere, a line each.
func description(e forward.Entry) string {
	const layout = "Mon 2 Jan 2006 15:04 MST"
	lines := []string{e.Title, "Planned: " + e.Start.Format(layout) + " to " + e.End.Format(layout)}
	for _, part := range []struct{ name, value string }{
		{"Type", string(e.Type)}, {"Status", string(e.Status)}, {"State", e.State}, {"Risk", e.Risk}, {"Team", e.Team},
		{"Services", strings.Join(e.Services, ", ")}, {"Items", strings.Join(e.Items, ", ")},
	} {
		if part.value != "" {
			lines = append(lines, part.name+": "+part.value)
		}
	}
	for _, c := range e.Conflicts {
		lines = append(lines, "Conflict: "+c)
	}
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// clean makes text one line without control characters, which iCalendar has no way
// to write, and without marks that turn the direction of what stands around it.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return unicode.ReplacementChar
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return strings.Join(strings.Fields(text), " ")
}
