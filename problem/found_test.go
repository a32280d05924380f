package problem_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/problem/rca"
)

// Who reads what is left to verify finds it in the diagram.
func TestWhatIsLeftToVerifyIsToldInFull(t *testing.T) {
	y := &rca.Whys{Problem: "Mail stops"}
	for i := range 12 {
		guess := fmt.Sprintf("guess %02d, which nobody has verified so far", i+1)
		y.Answers = append(y.Answers, rca.Cause{Text: guess, Because: []rca.Cause{{Text: fmt.Sprintf("behind %d", i+1), Verdict: rca.Confirmed, Evidence: "seen"}}})
	}
	for _, row := range []struct {
		whys *rca.Whys
		want string
	}{
		{y, `"guess 10, which nobody has verified so far"] and 2 more`},
		{&rca.Whys{Problem: "Mail stops", Answers: []rca.Cause{{Text: "The disk is full"}}}, `to be verified: ["The disk is full"]`},
		{&rca.Whys{Problem: "Mail stops", Answers: []rca.Cause{{Text: "The disk is full", Verdict: rca.Refuted, Evidence: "df"}}}, "names nothing that is left"},
	} {
		_, err := problem.FindingOf(rca.Analysis{Title: "Mail stops", Whys: row.whys})
		require.ErrorIs(t, err, problem.ErrCauseUnknown)
		require.ErrorContains(t, err, row.want)
	}
}
