package major_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/major"
)

var update = flag.Bool("update", false, "rewrite the reports")

func sample(t *testing.T) *major.Report {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(minutes int) time.Time { return monday.Add(time.Duration(minutes) * time.Minute) }
	c := &major.Case{
		State: major.StateAccepted, Impact: "The shops take cash only.", Reason: "nobody can pay",
		ProposedAt: at(10), AcceptedAt: at(12), BeganAt: at(-20), AlertedAt: at(-5), MitigatedAt: at(40), Mitigation: "rule taken back",
		Crew: []major.Turn{
			{Role: major.Manager, Person: "mia", From: at(12), Until: at(60), By: "mia"},
			{Role: major.Manager, Person: "ben", From: at(60), By: "mia", Note: "the bank calls at six"},
			{Role: major.Communications, Person: "cleo", From: at(13), By: "mia"},
		},
		Updates: []major.Update{
			{Number: 1, At: at(20), By: "cleo", Status: major.Investigating, Text: "We look at the network.", Communications: []string{"board", "page"}},
			{Number: 2, At: at(92), By: "cleo", Status: major.Resolved, Text: "Cards work again. Thank you for your patience.", Communications: []string{"board", "page"}},
		},
		Review: &major.Review{
			Overview: "On Monday morning the shops could not take cards for an hour and a half.",
			Findings: "A firewall rule was changed outside of the window.\n\nThe change had no reviewer <yet>.",
			Lessons:  "Changes of the firewall need a second pair of eyes.",
			Factors:  []string{"No second pair of eyes", "The alert went to a list that nobody reads"},
			Actions: []major.Action{
				{Number: 1, Title: "Two people for firewall rules", Owner: "dora", Due: at(3 * 1440), State: major.ActionDone, Note: "in the policy since Tuesday"},
				{Number: 2, Title: "Page on failed payments", Owner: "emil", Due: at(9 * 1440), State: major.ActionOpen},
			},
		},
	}
	return &major.Report{Organisation: "Acme & Sons", Number: "INC0000042", Title: "Payment is down <script>alert(1)</script>", State: "resolved",
		Priority: "P1", Service: "payment", Items: []string{"fw1", "firewall 2 (CI0000002)"}, More: 3,
		Suffering: []major.Suffering{
			{Number: "CI0000007", Name: "payment", State: "down", Criticality: "most_critical", Users: 900, Path: "fw1 → terminals → payment"},
			{Name: "vouchers <new>", State: "degraded", Path: "fw1 → vouchers <new>"},
		},
		Children: 212, Resolution: "Firewall as before",
		Case: c, Figures: c.Figures(at(0), at(90)), Zone: berlin, Timeline: []major.Entry{
			{At: at(-22), Kind: major.KindNote, By: "ben", Text: "a firewall rule was changed", Written: at(50)},
			{At: at(-20), Kind: major.KindMoment, Text: "the service began to suffer"},
			{At: at(0), Kind: major.KindState, By: "ann", Text: "opened: Payment is down"},
			{At: at(12), Kind: major.KindState, By: "mia", Text: "accepted as a major incident: nobody can pay"},
			{At: at(15), Kind: major.KindFamily, By: "ann", Text: "child incidents: 212 joined, 212 in all"},
			{At: at(40), Kind: major.KindMoment, Text: "mitigated: rule taken back"},
			{At: at(90), Kind: major.KindState, By: "ben", Text: "resolved: Firewall as before \u202e\x1b[31m"},
		}}
}

func TestTheReportIsWrittenTheSameEachTime(t *testing.T) {
	for name, write := range map[string]func(*major.Report, io.Writer) error{
		"testdata/report.html": (*major.Report).HTML, "testdata/report.txt": (*major.Report).Text,
	} {
		var b bytes.Buffer
		require.NoError(t, write(sample(t), &b))
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(name, b.Bytes(), 0o644))
		}
		want, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(want), b.String())
	}
}

func TestNothingInTheDataBecomesMarkup(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample(t).HTML(&b))
	page := b.String()
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "\x1b")
	require.NotContains(t, page, "\u202e")
	require.Contains(t, page, "&lt;script&gt;")
	d := xml.NewDecoder(strings.NewReader(page))
	for {
		_, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err, "the page is well-formed")
	}
	for _, far := range []string{"src=", "href=", "url(", "@import"} {
		require.NotContains(t, page, far, "it needs nothing but itself")
	}
}

func TestAnEmptyReportSaysWhatIsMissing(t *testing.T) {
	r := &major.Report{Number: "INC1", Title: "x", Case: &major.Case{}}
	r.Figures = r.Case.Figures(monday, time.Time{})
	var b bytes.Buffer
	require.NoError(t, r.Text(&b))
	for _, want := range []string{"The overview is not written yet.", "not known", "There are no actions.", "No updates were sent."} {
		require.Contains(t, b.String(), want)
	}
	require.NoError(t, r.HTML(&b))
}

func FuzzReport(f *testing.F) {
	f.Add("<b>", "a\n\nb\r\n\x00\xff\u2028]]>")
	f.Fuzz(func(t *testing.T, title, text string) {
		r := sample(t)
		r.Title, r.Resolution, r.Case.Impact, r.Case.Review.Overview = title, text, text, text
		r.Timeline[0].Text, r.Timeline[0].By = text, title
		var page, plain bytes.Buffer
		require.NoError(t, r.HTML(&page))
		d := xml.NewDecoder(&page)
		elements := map[string]bool{}
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			if e, ok := token.(xml.StartElement); ok {
				elements[e.Name.Local] = true
			}
		}
		require.LessOrEqual(t, len(elements), 18, "no element comes from the data: %v", elements)
		require.NoError(t, r.Text(&plain))
		for _, c := range plain.String() {
			require.True(t, c >= ' ' || c == '\n', "%q", c)
		}
	})
}
