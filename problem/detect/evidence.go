package detect

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// evidence is a paragraph for the person who decides whether this is a problem.
func (s *slide) evidence(p *Proposal, g *group) string {
	var b strings.Builder
	last := p.To.AddDate(0, 0, -1)
	if p.Kind == Trend {
		fmt.Fprintf(&b, "%s grows: %s in the %d weeks %s, where the share of the first %d of %d weeks lets expect %s",
			p.Key, plural(p.Observed, "incident"), p.Weeks/3, span(p.From, last), p.Weeks/3, p.Weeks, amount(p.Expected))
	} else {
		fmt.Fprintf(&b, "%s: %s in the %s %s, where the %d days before let expect %s",
			p.Key, plural(p.Observed, "incident"), plural(s.d.cfg.Windows[g.window], "day"), span(p.From, last), p.PastDays, amount(p.Expected))
	}
	if p.Ratio > 0 {
		fmt.Fprintf(&b, " (%s times as many)", amount(p.Ratio))
	}
	b.WriteString(". ")
	switch {
	case p.Kind == Trend:
		fmt.Fprintf(&b, "The most in a week were %s. ", number(p.Most))
	case p.Past == 0:
		b.WriteString("There were none before. ")
	default:
		fmt.Fprintf(&b, "The most in as long a time before were %s. ", number(p.Most))
	}
	fmt.Fprintf(&b, "By chance that comes with p %s, after all tests of %s %s. ", chance(p.P), plural(s.d.cfg.Horizon, "day"), chance(p.Adjusted))
	fmt.Fprintf(&b, "From %s on %s, first %s and last %s", plural(p.Callers, "caller"), plural(p.Days, "day"),
		s.list[g.places[0]].name(), s.list[g.places[len(g.places)-1]].name())
	for i, share := range p.Shared {
		lead := "; "
		if i > 0 {
			lead = ", "
		}
		fmt.Fprintf(&b, "%s%s of %s with %s", lead, number(share.Incidents), number(len(g.places)), share.Attribute)
	}
	b.WriteString(".")
	if p.Downtime > 0 {
		fmt.Fprintf(&b, " Downtime %s.", p.Downtime.Round(time.Minute))
	}
	if n := len(p.Also); n > 0 {
		names := make([]string, 0, mostAlso)
		for _, k := range p.Also[:min(mostAlso, n)] {
			names = append(names, k.String())
		}
		fmt.Fprintf(&b, " The same shows in %s", strings.Join(names, "; "))
		if n > mostAlso {
			fmt.Fprintf(&b, " and %d more", n-mostAlso)
		}
		b.WriteString(".")
	}
	return b.String()
}

const mostAlso = 4

// plural counts things.
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return number(n) + " " + word + "s"
}

// number writes 24918 as 24,918.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// amount writes a number with the digits that matter.
func amount(v float64) string {
	switch {
	case v == 0:
		return "none"
	case v < 0.1:
		return "less than 0.1"
	case v < 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return number(int(v + 0.5))
}

func chance(p float64) string {
	switch {
	case p < 1e-300:
		return "below 1e-300"
	case p < 0.001:
		return strconv.FormatFloat(p, 'e', 0, 64)
	}
	return strconv.FormatFloat(p, 'g', 1, 64)
}

// span writes first and last day.
func span(first, last time.Time) string {
	const full = "2 January 2006"
	switch {
	case !first.Before(last):
		return "of " + last.Format(full)
	case first.Year() != last.Year():
		return "from " + first.Format(full) + " to " + last.Format(full)
	case first.Month() != last.Month():
		return "from " + first.Format("2 January") + " to " + last.Format(full)
	}
	return "from " + first.Format("2") + " to " + last.Format(full)
}
