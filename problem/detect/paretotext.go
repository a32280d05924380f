package detect

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// WriteText writes the analysis as a table of at most so many rows, none for all, with
// a line below the vital few. Its only errors are those of w.
func (p Pareto) WriteText(w io.Writer, rows int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", p.title(), p.lead())
	t := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	shown, rest := p.shown(rows)
	fmt.Fprintf(t, "%s\t%s\tshare\tcumulative\n", plain(p.Dimension), p.Measure)
	for i, r := range shown {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", plain(r.Value), p.amount(r.Amount), percent(r.Share), percent(r.Cumulative))
		if i+1 == p.Vital && p.Vital < len(p.Rows) {
			fmt.Fprintf(t, "%s\t\t\t\n", strings.Repeat("-", 12))
		}
	}
	if rest.Amount > 0 {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", rest.Value, p.amount(rest.Amount), percent(rest.Share), percent(1))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shown are the first rows, and the others as one.
func (p Pareto) shown(rows int) (shown []ParetoRow, rest ParetoRow) {
	if rows <= 0 || rows >= len(p.Rows) {
		return p.Rows, rest
	}
	for _, r := range p.Rows[rows:] {
		rest.Amount += r.Amount
		rest.Share += r.Share
	}
	rest.Value = number(len(p.Rows)-rows) + " others"
	return p.Rows[:rows], rest
}

func (p Pareto) title() string {
	return fmt.Sprintf("Pareto of %s by %s", p.Measure, plain(p.Dimension))
}

// lead says what there is to see.
func (p Pareto) lead() string {
	if len(p.Rows) == 0 {
		return "There is nothing to show."
	}
	text := fmt.Sprintf("%s of %s make up %s of %s; Gini %.2f", number(p.Vital), plural(len(p.Rows), "value"),
		percent(p.Rows[p.Vital-1].Cumulative), p.amount(p.Total), p.Gini)
	if p.Vital == 1 {
		text = strings.Replace(text, " make up ", " makes up ", 1)
	}
	if p.None > 0 {
		text += fmt.Sprintf("; %s without a value", p.amount(p.None))
	}
	return text + "."
}

func (p Pareto) amount(n int64) string {
	if p.Measure == ByDowntime {
		return (time.Duration(n) * time.Second).Round(time.Minute).String()
	}
	return number(int(n))
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }

// plain is a text on one line, without what would break a table or turn the direction
// of writing around.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.TrimSpace(s)
}
