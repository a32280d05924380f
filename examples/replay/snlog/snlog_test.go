package snlog_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/examples/replay/snlog"
)

const header = "number,incident_state,sys_updated_at,opened_at,priority,made_sla,reassignment_count,reopen_count,assignment_group\n"

const twoIncidents = header +
	"INC1,New,29/2/2016 01:23,29/2/2016 01:16,3 - Moderate,true,0,0,?\n" +
	"INC2,Active,2016-02-29 01:30:05,2016-02-29T01:20:00+01:00,1,true,0,0,Group 7\n" +
	"INC1,Resolved,29/2/2016 11:29,29/2/2016 01:16,2 - High,true,1,0,Group 56\n" +
	"INC1,-100,5/3/2016 12:00,29/2/2016 01:16,2 - High,false,1,1,Group 56\n"

func read(t *testing.T, text string, opts snlog.Options) (*snlog.Log, error) {
	t.Helper()
	r, err := snlog.NewReader(strings.NewReader(text), opts)
	if err != nil {
		return nil, err
	}
	return snlog.Collect(r)
}

func TestRowsAreGroupedByIncident(t *testing.T) {
	log, err := read(t, twoIncidents, snlog.Options{})
	require.NoError(t, err)
	require.Empty(t, log.Bad)
	require.Len(t, log.Incidents, 2)
	first := log.Incidents[0]
	require.Equal(t, "INC1", first.Number)
	require.Len(t, first.Rows, 3)
	require.Equal(t, snlog.Row{
		Line: 2, Number: "INC1", State: "New", Priority: 3, MadeSLA: true,
		Updated: time.Date(2016, 2, 29, 1, 23, 0, 0, time.UTC), Opened: time.Date(2016, 2, 29, 1, 16, 0, 0, time.UTC),
	}, first.Rows[0])
	require.Equal(t, 5, first.Last().Line)
	require.Equal(t, "Group 56", first.Last().AssignmentGroup)
}

func TestTheLastEventOfAnIncidentDecides(t *testing.T) {
	log, err := read(t, twoIncidents, snlog.Options{})
	require.NoError(t, err)
	require.Equal(t, snlog.Logged{
		Incidents: 2, Events: 4,
		EventsByState: map[string]int{"New": 1, "Active": 1, "Resolved": 1, "-100": 1},
		ByPriority:    map[string]int{"1": 1, "2": 1},
		Reopened:      1, Reassigned: 1,
		MadeSLA: snlog.Verdicts{True: 1, False: 1},
	}, log.Logged())
}

func TestWallClocksStandInTheGivenZone(t *testing.T) {
	zone := time.FixedZone("UTC-3", -3*60*60)
	log, err := read(t, twoIncidents, snlog.Options{Zone: zone})
	require.NoError(t, err)
	require.True(t, log.Incidents[0].Rows[0].Updated.Equal(time.Date(2016, 2, 29, 4, 23, 0, 0, time.UTC)))
	require.True(t, log.Incidents[1].Rows[0].Updated.Equal(time.Date(2016, 2, 29, 4, 30, 5, 0, time.UTC)))
	require.True(t, log.Incidents[1].Rows[0].Opened.Equal(time.Date(2016, 2, 29, 0, 20, 0, 0, time.UTC)), "its own offset wins")
}

func TestAGzippedLogIsKnownByItsFirstBytes(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, twoIncidents)
	require.NoError(t, err)
	require.NoError(t, w.Close())

	r, err := snlog.NewReader(bytes.NewReader(packed.Bytes()), snlog.Options{})
	require.NoError(t, err)
	log, err := snlog.Collect(r)
	require.NoError(t, err)
	require.Equal(t, 4, log.Logged().Events)

	r, err = snlog.NewReader(bytes.NewReader(packed.Bytes()[:packed.Len()-12]), snlog.Options{})
	if err == nil {
		_, err = snlog.Collect(r)
	}
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a torn file is an error, not a shorter log")
}

func TestColumnsAreMappedByTheirNames(t *testing.T) {
	log, err := read(t, "\ufeffPriority, Made SLA ,reopen_count,reassignment_count,opened_at,sys_updated_on,extra,STATE,number\n"+
		"4,false,2,3,1/3/2016 10:00,1/3/2016 10:05,x,New,INC9\n", snlog.Options{})
	require.NoError(t, err)
	row := log.Incidents[0].Rows[0]
	require.Equal(t, "INC9", row.Number)
	require.Equal(t, "New", row.State)
	require.Equal(t, 4, row.Priority)
	require.Equal(t, 2, row.Reopens)
}

func TestEveryFaultOfAHeaderIsInOneError(t *testing.T) {
	_, err := read(t, "number,priority,priority,opened_at\n", snlog.Options{})
	var bad *snlog.HeaderError
	require.ErrorAs(t, err, &bad)
	require.EqualError(t, err, "line 1: missing columns: incident_state, sys_updated_at, made_sla, reassignment_count, reopen_count; columns given twice: priority")

	_, err = read(t, "", snlog.Options{})
	require.EqualError(t, err, "line 1: the file is empty, a header was expected")
}

func TestABadRowIsReportedAndTheNextOnesAreRead(t *testing.T) {
	good := "INC1,New,29/2/2016 01:23,29/2/2016 01:16,3,true,0,0,?\n"
	for row, want := range map[string]string{
		"INC1,New\n": "line 3: has 2 fields, the header has 9",
		"INC1,New,30/2/2016 01:23,yesterday,9,perhaps,-1,x,?\n": "line 3: " +
			`sys_updated_at "30/2/2016 01:23" is not a time like 29/2/2016 01:16 or 2016-02-29 01:16; ` +
			`opened_at "yesterday" is not a time like 29/2/2016 01:16 or 2016-02-29 01:16; ` +
			`priority "9" is not a level from 1 to 5; made_sla "perhaps" is neither true nor false; ` +
			`reassignment_count "-1" is not a number from 0 to 1000000; reopen_count "x" is not a number from 0 to 1000000`,
		"?,,?,?,?,?,?,?,?\n": "line 3: number is missing; incident_state is missing; sys_updated_at is missing; opened_at is missing; " +
			"priority is missing; made_sla is missing; reassignment_count is missing; reopen_count is missing",
		`INC1,N"ew,29/2/2016 01:23,29/2/2016 01:16,3,true,0,0,?` + "\n": `line 3: bare " in non-quoted-field`,
	} {
		log, err := read(t, header+good+row+good, snlog.Options{})
		require.NoError(t, err)
		require.Equal(t, 2, log.Logged().Events)
		require.Len(t, log.Bad, 1)
		require.EqualError(t, log.Bad[0], want)
		require.Equal(t, 1, log.Logged().MalformedRows)
	}
}

func TestALogHasLimits(t *testing.T) {
	_, err := read(t, twoIncidents, snlog.Options{MaxRows: 3})
	require.ErrorIs(t, err, snlog.ErrTooLarge)
	require.EqualError(t, err, "log is too large: more than 3 rows")

	_, err = read(t, header+`"`+strings.Repeat("x,\n", 100_000), snlog.Options{MaxRowBytes: 10_000})
	require.ErrorIs(t, err, snlog.ErrTooLarge)
}

func TestAFileThatCannotBeReadIsFatal(t *testing.T) {
	broken := errors.New("disk on fire")
	r, err := snlog.NewReader(io.MultiReader(strings.NewReader(twoIncidents), iotest.ErrReader(broken)), snlog.Options{})
	require.NoError(t, err)
	_, err = snlog.Collect(r)
	require.ErrorIs(t, err, broken)

	_, err = snlog.Open(t.TempDir()+"/none.csv", snlog.Options{})
	require.ErrorContains(t, err, "none.csv")
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(twoIncidents))
	f.Add([]byte(header + "INC1,New\n\"\n"))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := snlog.NewReader(bytes.NewReader(text), snlog.Options{MaxRows: 1000, MaxRowBytes: 1 << 16})
		if err != nil {
			return
		}
		seen := 0
		for row, err := range r.Rows() {
			seen++
			var wrong *snlog.RowError
			switch {
			case errors.As(err, &wrong):
				require.NotEmpty(t, wrong.Problems)
				require.Positive(t, wrong.Line)
			case err != nil:
				return
			default:
				require.NotEmpty(t, row.Number)
				require.Positive(t, row.Line)
			}
		}
		require.LessOrEqual(t, seen, 1000)
	})
}

func ExampleCollect() {
	r, err := snlog.NewReader(strings.NewReader(twoIncidents), snlog.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	log, err := snlog.Collect(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, incident := range log.Incidents {
		fmt.Println(incident.Number, len(incident.Rows), "events, last", incident.Last().State)
	}
	// Output:
	// INC1 3 events, last -100
	// INC2 1 events, last Active
}
