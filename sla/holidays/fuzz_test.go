package holidays_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/itsm-go/itsm/sla/holidays"
)

// FuzzReadICS checks that nothing panics and that what is read can be written and
// read again.
func FuzzReadICS(f *testing.F) {
	f.Add([]byte(object("UID:1|DTSTART;VALUE=DATE:20261225|DURATION:P2D|SUMMARY:Feast\\, and more")))
	f.Add([]byte(object("DTSTART;VALUE=DATE:20261230|RRULE:FREQ=MONTHLY;BYDAY=-5MO,5SU;BYSETPOS=-1,1")))
	f.Add([]byte(object("DTSTART;VALUE=DATE:19000101|RRULE:FREQ=YEARLY;BYWEEKNO=-53,1,53;BYDAY=MO;WKST=WE")))
	f.Add([]byte(object("DTSTART;VALUE=DATE:20240229|RRULE:FREQ=YEARLY;BYDAY=-53SU,53MO|EXDATE;VALUE=DATE:20261225")))
	f.Add([]byte(object("UID:1|RECURRENCE-ID;VALUE=DATE:20270601|STATUS:CANCELLED", "UID:1|DTSTART:20270601|RRULE:FREQ=WEEKLY;BYMONTH=6")))
	f.Add([]byte("BEGIN:VCALENDAR\nBE\n GIN:VEVENT\n\t\nEND:VEVENT\nEND:VCALENDAR"))
	f.Fuzz(func(t *testing.T, data []byte) {
		days, err := holidays.ReadICS(bytes.NewReader(data), 2026, 2028)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := holidays.WriteICS(&b, days, "", now); err != nil {
			t.Fatal(err)
		}
		again, err := holidays.ReadICS(&b, 2026, 2028)
		if err != nil || !slices.EqualFunc(again, days, equalDay) {
			t.Fatalf("%v\n got %q\nwant %q", err, again, days)
		}
	})
}

// FuzzReadHours checks that nothing panics and that what is read can be written
// and read again as an equal calendar.
func FuzzReadHours(f *testing.F) {
	f.Add([]byte(object(shift + "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")))
	f.Add([]byte(object(shift+"RRULE:FREQ=DAILY;BYDAY=MO,WE", "DTSTART;VALUE=DATE:20261225|SUMMARY:Feast")))
	f.Add([]byte(object("DTSTART:20260105T220000Z|DURATION:PT8H0M1S|RRULE:FREQ=WEEKLY")))
	f.Add([]byte(object("DTSTART;TZID=Asia/Seoul:20260105T000000|DURATION:P1D|RRULE:FREQ=DAILY")))
	f.Fuzz(func(t *testing.T, data []byte) {
		def, err := holidays.ReadHours(bytes.NewReader(data), 2026, 2028)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := holidays.WriteHours(&b, def, 2026, 2028, now); err != nil {
			t.Fatal(err)
		}
		again, err := holidays.ReadHours(bytes.NewReader(b.Bytes()), 2026, 2028)
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if !reflect.DeepEqual(again, def) && !slices.Equal(open(t, again), open(t, def)) {
			t.Fatalf("got %v\nwant %v", again, def)
		}
	})
}
