package knownerror

import (
	"context"

	"github.com/itsm-go/itsm/workflow"
)

// Texts finds known errors by their words. [Words] is one; a host with a search engine
// puts it here. It must be safe for concurrent use.
type Texts interface {
	// Put takes in the text of a known error, in place of the one it had.
	Put(ctx context.Context, id workflow.ID, t Text) error
	// Remove forgets a known error. One that is not there is no error.
	Remove(ctx context.Context, id workflow.ID) error
	// Search finds the n known errors that agree best with a query, which may be as long
	// as an incident, and beside them those of also that agree with it at all. The
	// result depends on nothing but the query and what was put in, and is in the order
	// of strength.
	Search(ctx context.Context, query string, n int, also []workflow.ID) ([]Hit, error)
}

// Text is what a known error says, by weight.
type Text struct {
	Title   string
	Symptom string
	Rest    string // the cause, the workaround and the solution
}

// Hit is a known error that agrees with a query.
type Hit struct {
	ID       workflow.ID
	Strength float64  // from 0, nothing in common, up to but not including 1
	Words    []string // those that agree, the most telling first; a few
}

func textOf(c Content) Text {
	return Text{Title: c.Title, Symptom: c.Symptom, Rest: c.Cause + "\n" + c.Workaround + "\n" + c.Solution}
}
