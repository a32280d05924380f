package report

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/itsm-go/itsm/problem/detect"
)

// Problems are what detection proposes from a log, evening by evening.
type Problems struct {
	From      time.Time  `json:"from"` // the first day that could be tested
	To        time.Time  `json:"to"`
	Days      int        `json:"days"`
	Tests     int        `json:"tests"` // that the level was divided among, on all days
	Level     float64    `json:"level"`
	Proposals []Proposal `json:"proposals"` // in the order in which they were found
	Shuffled  *Shuffled  `json:"shuffled,omitempty"`
	Pareto    []Pareto   `json:"pareto,omitempty"`
}

// A Proposal is a problem that detection proposes.
type Proposal struct {
	Kind     detect.Kind `json:"kind"`
	Key      string      `json:"key"` // what the incidents have in common
	Found    time.Time   `json:"found"`
	Evenings int         `json:"evenings"` // on which it was found
	Observed int         `json:"observed"`
	Expected float64     `json:"expected"`
	Chance   float64     `json:"chance"` // that time alone does it, after all tests of all days
	Evidence string      `json:"evidence"`
}

// Shuffled says what was proposed from copies of the log in which the incidents have
// changed their times, so that time tells nothing.
type Shuffled struct {
	Logs      int `json:"logs"`
	WithAny   int `json:"with_proposals"` // logs from which anything at all was proposed
	Proposals int `json:"proposals"`      // in all of them
}

// Rate is the share of shuffled logs from which anything was proposed, and the largest
// rate that this does not refute at 95 % (Clopper and Pearson).
func (s Shuffled) Rate() (rate, most float64) {
	lo, hi := 0.0, 1.0
	for range 60 {
		p, below := (lo+hi)/2, 0.0
		for x := range s.WithAny + 1 {
			below += math.Exp(lnChoose(s.Logs, x) + float64(x)*math.Log(p) + float64(s.Logs-x)*math.Log1p(-p))
		}
		if below > 0.05 {
			lo = p
		} else {
			hi = p
		}
	}
	return float64(s.WithAny) / float64(s.Logs), hi
}

func lnChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// Pareto is a Pareto analysis, and as a picture.
type Pareto struct {
	detect.Pareto
}

// paretoRows is how many rows of a Pareto analysis are shown.
const paretoRows = 8

// shownProposals is how many proposals are told with their evidence.
const shownProposals = 12

func (p *Problems) lead() string {
	if p.Tests == 0 {
		return "The log is too short to compare anything with its past."
	}
	s := fmt.Sprintf("What was unusual against its own past on the evenings from %s to %s: %s tests, and a chance of at most %s that anything is proposed where time tells nothing.",
		day(p.From), day(p.To), count(p.Tests), percent(p.Level))
	if p.Shuffled != nil {
		_, most := p.Shuffled.Rate()
		s += fmt.Sprintf(" Of %d shuffled copies of the log %d led to a proposal: a rate above %s is refuted at 95 %%.", p.Shuffled.Logs, p.Shuffled.WithAny, percent(most))
	}
	return s
}

func (p *Problems) rows() [][]string {
	var rows [][]string
	for _, x := range p.Proposals {
		rows = append(rows, []string{x.Key, x.Kind.String(), x.Found.Format("2006-01-02"), count(x.Observed), expected(x.Expected), chance(x.Chance)})
	}
	return rows
}

func problemsHead() []string { return []string{"kind", "found", "incidents", "expected", "chance"} }

func expected(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return count(int(v + 0.5))
}

func chance(p float64) string { return fmt.Sprintf("%.0e", p) }

// evidence tells the first proposals, a paragraph each.
func (p *Problems) evidence() string {
	var b strings.Builder
	for i, x := range p.Proposals {
		if i == shownProposals {
			fmt.Fprintf(&b, "\nand %d more.\n", len(p.Proposals)-i)
			break
		}
		fmt.Fprintf(&b, "%d. %s\n", i+1, x.Evidence)
	}
	return b.String()
}

func (t *text) problems(p *Problems) {
	t.table("Problems proposed", problemsHead(), p.rows())
	t.line("\n%s", p.lead())
	if len(p.Proposals) > 0 {
		t.line("%s", strings.TrimRight(p.evidence(), "\n"))
	}
	for _, x := range p.Pareto {
		t.pareto(x)
	}
}

func (t *text) pareto(p Pareto) {
	if t.err == nil {
		t.err = t.w.Flush()
	}
	var b bytes.Buffer
	if t.err == nil {
		t.err = p.WriteText(&b, paretoRows)
	}
	t.line("\n%s", strings.TrimRight(b.String(), "\n"))
}

func (d *document) problems(p *Problems) {
	d.add(section{
		Title: "Problems proposed", Lead: p.lead(), Rows: p.rows(),
		Head: []string{"What they have in common", "Kind", "Found", "Incidents", "Expected", "Chance"},
	}, nil)
	if len(p.Proposals) > 0 {
		d.add(section{Title: "Why they are proposed", Paragraphs: strings.Split(strings.TrimSpace(p.evidence()), "\n")}, nil)
	}
	for _, x := range p.Pareto {
		d.pareto(x)
	}
}

func (d *document) pareto(p Pareto) {
	if len(p.Rows) == 0 || d.err != nil {
		return
	}
	var b bytes.Buffer
	if err := p.SVG(&b); err != nil {
		d.err = err
		return
	}
	var rows [][]string
	for _, r := range p.Rows[:min(paretoRows, len(p.Rows))] {
		rows = append(rows, []string{r.Value, count(int(r.Amount)), percent(r.Share), percent(r.Cumulative)})
	}
	// The package escapes every text of the picture.
	d.sections = append(d.sections, section{Title: "Pareto by " + p.Dimension, Chart: template.HTML(b.String()),
		Lead: fmt.Sprintf("%d of %d make up 80 %% of the incidents.", p.Vital, len(p.Rows)),
		Head: []string{"The most", "Incidents", "Share", "Cumulative"}, Rows: rows})
}
