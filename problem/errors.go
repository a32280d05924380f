package problem

import "errors"

// Why a command is refused, besides what a lifecycle says. Match them with
// [errors.Is].
var (
	// ErrCauseUnknown: no fix is applied to a problem whose cause is not confirmed,
	// unless somebody has stated an exception.
	ErrCauseUnknown = errors.New("cause not confirmed")
	// ErrNotReviewed: a major problem is not closed without its review.
	ErrNotReviewed = errors.New("major problem not reviewed")
	// ErrNote: what is done to a major problem is explained in a work note.
	ErrNote = errors.New("work note missing")
	// ErrTasksOpen: the problem ends when its tasks have ended.
	ErrTasksOpen = errors.New("tasks are open")
	// ErrLinked: an incident belongs to another problem already.
	ErrLinked = errors.New("linked to another problem")
	// ErrStale: the analysis was saved by somebody else meanwhile.
	ErrStale = errors.New("analysis changed meanwhile")
)

// refusal is a refused action that also matches the rules behind the guards that do not
// hold: the guards' own words tell of them already.
type refusal struct {
	error
	rules []error
}

// Unwrap gives the refusal and the rules.
func (r *refusal) Unwrap() []error { return append([]error{r.error}, r.rules...) }

// rulesOf returns the rules behind guards that do not hold.
func rulesOf(guards []string) []error {
	var rules []error
	for _, guard := range guards {
		switch guard {
		case GuardCauseKnown:
			rules = append(rules, ErrCauseUnknown)
		case GuardTasksDone:
			rules = append(rules, ErrTasksOpen)
		}
	}
	return rules
}
