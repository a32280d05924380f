package report

// Counts are how changes went, and the incidents that they caused. The fields are
// those of the history that a risk assessment takes, so that one converts to the
// other.
type Counts struct {
	Successful           int `json:"successful"`
	SuccessfulWithIssues int `json:"successful_with_issues"`
	Unsuccessful         int `json:"unsuccessful"`
	P1Caused             int `json:"p1_caused"`
	P2Caused             int `json:"p2_caused"`
	P3Caused             int `json:"p3_caused"`
}

// History counts the cases that match, of all times, for example those of the same
// team and model as a change that is to be assessed. Those without an outcome are
// no experience and do not count, and neither do the incidents that they caused.
// A nil match takes all cases. Every mistake of the input is told, in one error that
// matches [ErrInvalid].
func History(cases []Case, match func(Case) bool) (Counts, error) {
	if err := Validate(cases); err != nil {
		return Counts{}, err
	}
	var h Counts
	for i := range cases {
		c := &cases[i]
		if c.Outcome == "" || match != nil && !match(*c) {
			continue
		}
		switch c.Outcome {
		case Successful:
			h.Successful++
		case SuccessfulWithIssues:
			h.SuccessfulWithIssues++
		case Unsuccessful:
			h.Unsuccessful++
		}
		for _, incident := range c.Caused {
			switch incident.Priority {
			case 1:
				h.P1Caused++
			case 2:
				h.P2Caused++
			case 3:
				h.P3Caused++
			}
		}
	}
	return h, nil
}
