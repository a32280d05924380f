package report

import "fmt"

// Ratio is a part of a whole, exactly: nothing is rounded before it is shown.
type Ratio struct {
	Part int `json:"part"`
	Of   int `json:"of"`
}

// Known tells whether there is a whole to have a part of.
func (r Ratio) Known() bool { return r.Of > 0 }

// Float is the ratio from 0 to 1, and 0 if it is not [Ratio.Known].
func (r Ratio) Float() float64 {
	if r.Of <= 0 {
		return 0
	}
	return float64(r.Part) / float64(r.Of)
}

// Percent is how many of a hundred, and 0 if it is not [Ratio.Known].
func (r Ratio) Percent() float64 { return 100 * r.Float() }

// String reads "3 of 12 (25.0 %)", or "none of 0" if there is no whole.
func (r Ratio) String() string {
	if !r.Known() {
		return "none of 0"
	}
	return fmt.Sprintf("%d of %d (%s)", r.Part, r.Of, r.percent())
}

// percent is for tables: "25.0 %" or "-".
func (r Ratio) percent() string {
	if !r.Known() {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", r.Percent())
}
