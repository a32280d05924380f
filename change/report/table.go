package report

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"
)

// table writes rows and their total, aligned.
func table(dimension string, rows []Row, total Tally) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\tclosed\tsuccessful\twith issues\tunsuccessful\tsuccess\temergency\tbacked out\tlate\n", printable(dimension))
	for _, r := range rows {
		line(w, r.Name, r.Tally)
	}
	line(w, "in all", total)
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

func line(w *tabwriter.Writer, name string, t Tally) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", printable(name), t.Closed, t.Successful, t.SuccessfulWithIssues, t.Unsuccessful,
		t.Success().percent(), t.EmergencyShare().percent(), t.BackedOutShare().percent(), t.LateShare().percent())
}

// printable keeps a name from breaking the table that it stands in.
func printable(name string) string {
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, name)
	return cmp.Or(strings.TrimSpace(clean), "none")
}
