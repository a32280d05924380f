package survey_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

func TestACommandThatIsGivenAgainAnswersAsTheFirstTime(t *testing.T) {
	w := standard(t)
	e := event(ids.NewID(w.now), w.now)
	first, err := w.Once("a").Occurred(ctx, e)
	require.NoError(t, err)
	again, err := w.Once("a").Occurred(ctx, e)
	require.NoError(t, err)
	require.Equal(t, first, again)

	e = event(ids.NewID(w.now), w.now)
	answered := w.must(w.Once("b").AnswerOnRecord(ctx, carl, "csat", e, "carl", "caller", good))
	require.Equal(t, answered, w.must(w.Once("b").AnswerOnRecord(ctx, carl, "csat", e, "carl", "caller", good)))

	inv := w.invite()
	cancelled, err := w.Once("c").Reopened(ctx, inv.About.Ref, w.now.Add(time.Minute))
	require.NoError(t, err)
	require.Len(t, cancelled, 1)
	repeated, err := w.Once("c").Reopened(ctx, inv.About.Ref, w.now.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, cancelled, repeated)
}

func TestAnAnswerOnARecordThatWasReopenedSince(t *testing.T) {
	w := standard(t)
	e := event(ids.NewID(w.now), w.now)
	w.occurred(e)
	w.now = w.now.Add(time.Minute)
	_, err := w.Reopened(ctx, e.Record, w.now)
	require.NoError(t, err)
	_, err = w.AnswerOnRecord(ctx, carl, "csat", e, "carl", "caller", good)
	require.ErrorIs(t, err, workflow.ErrTransition)
	require.ErrorContains(t, err, "reopened")
}

func TestAnswersOnOneRecordHaveALimit(t *testing.T) {
	w := standard(t)
	e := event(ids.NewID(w.now), w.now)
	e.People["caller"] = nil
	for n := range 500 {
		e.People["caller"] = append(e.People["caller"], fmt.Sprintf("caller %d", n))
	}
	w.occurred(e)
	w.must(w.AnswerOnRecord(ctx, portal, "csat", e, "caller 7", "caller", good))
	_, err := w.AnswerOnRecord(ctx, portal, "csat", e, "somebody else", "caller", good)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}
