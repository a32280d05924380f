package survey_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/workflow"
)

func TestAnInvitationFromItsOccasionToItsAnswer(t *testing.T) {
	w := standard(t)
	inv := w.invite()
	require.Equal(t, survey.StateDue, inv.State)
	require.Equal(t, "carl", inv.Person)
	require.Equal(t, map[string]string{"group": "mail", "priority": "P2"}, inv.Facts)
	require.Equal(t, "SUR0000001", inv.Number)
	w.pass(time.Hour)
	inv = w.get(inv.ID)
	require.Equal(t, survey.StateSent, inv.State)
	require.Len(t, w.sent, 1)
	n := w.sent[0].Notice
	require.Equal(t, []string{"carl"}, n.To)
	require.Equal(t, "INC0000042", n.About.Number)
	require.Equal(t, "How did we do?", n.Title)
	require.Equal(t, inv.SentAt.Add(7*24*time.Hour), n.ExpiresAt)

	inv = w.must(w.Answer(ctx, carl, inv.ID, good))
	require.Equal(t, survey.StateAnswered, inv.State)
	require.Equal(t, good, inv.Answers)
	require.Equal(t, w.now, inv.AnsweredAt)
	w.pass(10 * 24 * time.Hour)
	require.Len(t, w.sent, 1, "who has answered is not reminded")
	require.Equal(t, survey.StateAnswered, w.get(inv.ID).State, "and does not expire")
}

func TestOnlyTheInvitedPersonAnswers(t *testing.T) {
	w := standard(t)
	inv := w.asked()
	for name, who := range map[string]workflow.Actor{"somebody else": dora, "a manager": mia, "who acts for him": dora.For("carl"), "he, for somebody else": carl.For("dora")} {
		_, err := w.Answer(ctx, who, inv.ID, good)
		require.ErrorIs(t, err, workflow.ErrForbidden, name)
		_, err = w.Decline(ctx, who, inv.ID)
		require.ErrorIs(t, err, workflow.ErrForbidden, name)
	}
	options, err := w.Options(inv, carl)
	require.NoError(t, err)
	allowed := []string{}
	for _, o := range options {
		if o.Allowed {
			allowed = append(allowed, o.Action)
		}
	}
	require.Equal(t, []string{survey.ActionAnswer, survey.ActionDecline}, allowed)
	_, err = w.Answer(ctx, carl, inv.ID, survey.Answers{"overall": "9"})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.Equal(t, inv.Version, w.get(inv.ID).Version, "a refused answer changes nothing")
	w.must(w.Answer(ctx, carl, inv.ID, good))
}

func TestAnswersAreGivenOnce(t *testing.T) {
	w := standard(t)
	inv := w.asked()
	w.must(w.Answer(ctx, carl, inv.ID, good))
	_, err := w.Answer(ctx, carl, inv.ID, survey.Answers{"overall": "4"})
	require.ErrorIs(t, err, workflow.ErrTransition)
	_, err = w.Decline(ctx, carl, inv.ID)
	require.ErrorIs(t, err, workflow.ErrTransition)
	_, err = w.Cancel(ctx, mia, inv.ID, "too late")
	require.ErrorIs(t, err, workflow.ErrTransition)
}

func TestAnswersCanBeEditedUntilTheSurveyExpires(t *testing.T) {
	w := standard(t, func(d *survey.Definition) { d.Editable = true })
	inv := w.asked()
	w.must(w.Answer(ctx, carl, inv.ID, survey.Answers{"overall": "1", "why": "slow"}))
	w.pass(time.Hour)
	edited := w.must(w.Answer(ctx, carl, inv.ID, survey.Answers{"overall": "2", "why": "unsolved"}))
	require.Equal(t, 1, edited.Edits)
	require.Equal(t, "2", edited.Answers["overall"])
	_, err := w.Answer(ctx, dora, inv.ID, good)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	w.pass(time.Hour)
	require.Equal(t, []string{survey.TopicInvited, survey.TopicFollowUp}, w.topics(), "a bad answer is told once")
	w.pass(7 * 24 * time.Hour)
	_, err = w.Answer(ctx, carl, inv.ID, good)
	require.ErrorIs(t, err, survey.ErrExpired)
}

func TestNoAnswerIsTakenFromTheInstantOfExpiry(t *testing.T) {
	w := standard(t)
	inv := w.asked()
	w.now = inv.ExpiresAt // the timer has not been answered yet
	_, err := w.Answer(ctx, carl, inv.ID, good)
	require.ErrorIs(t, err, survey.ErrExpired)
	require.ErrorIs(t, err, workflow.ErrTransition)
	_, err = w.Answer(ctx, dora, inv.ID, good)
	require.ErrorIs(t, err, workflow.ErrForbidden, "strangers are told nothing else")
	w.now = inv.ExpiresAt.Add(-time.Microsecond)
	w.must(w.Answer(ctx, carl, inv.ID, good))

	late := w.asked()
	w.pass(8 * 24 * time.Hour)
	require.Equal(t, survey.StateExpired, w.get(late.ID).State)
	_, err = w.Answer(ctx, carl, late.ID, good)
	require.ErrorIs(t, err, workflow.ErrTransition)
}

func TestReminders(t *testing.T) {
	w := standard(t)
	inv := w.asked()
	w.pass(8 * 24 * time.Hour)
	require.Equal(t, []string{survey.TopicInvited, survey.TopicReminded, survey.TopicReminded}, w.topics())
	require.Equal(t, inv.SentAt.Add(48*time.Hour), w.sent[1].at)
	require.Equal(t, 1, w.sent[1].Notice.Reminder)
	require.Equal(t, inv.SentAt.Add(96*time.Hour), w.sent[2].at)
	require.Equal(t, 2, w.sent[2].Notice.Reminder)
}

func TestRemindersKeepQuietTimes(t *testing.T) {
	w := standard(t, func(d *survey.Definition) {
		d.Quiet = []survey.Quiet{{Name: "fair", From: monday.Add(40 * time.Hour), Until: monday.Add(80 * time.Hour)},
			{Name: "feast", From: monday.Add(90 * time.Hour), Until: monday.Add(300 * time.Hour)}}
	})
	w.asked()
	w.pass(14 * 24 * time.Hour)
	require.Equal(t, []string{survey.TopicInvited, survey.TopicReminded}, w.topics(), "one that would come after the expiry is left out")
	require.Equal(t, monday.Add(80*time.Hour), w.sent[1].at)
}

func TestALateRelayKeepsToTheHours(t *testing.T) {
	w := standard(t, func(d *survey.Definition) { d.Hours = officeHours(t) })
	inv := w.invite()
	w.now = monday.Add(12 * time.Hour) // it was due at 10:00, and it is 21:00
	_, err := w.relay.Drain(ctx)
	require.NoError(t, err)
	require.Empty(t, w.sent)
	w.pass(11 * time.Hour)
	require.Equal(t, monday.Add(23*time.Hour), w.get(inv.ID).SentAt, "at eight the next morning")
	w.now = w.now.Add(60 * time.Hour) // the first reminder was due on Thursday morning
	_, err = w.relay.Drain(ctx)
	require.NoError(t, err)
	require.Len(t, w.sent, 1)
	w.pass(12 * time.Hour)
	require.Equal(t, []string{survey.TopicInvited, survey.TopicReminded}, w.topics())
}

func TestTheSameEventInvitesOnce(t *testing.T) {
	w := standard(t, func(d *survey.Definition) { d.Trigger.On = []string{"resolved", "closed"} })
	e := event(ids.NewID(w.now), w.now)
	first := w.occurred(e)
	again := w.occurred(e)
	require.Empty(t, again.Invited)
	require.Equal(t, []survey.Skip{{Survey: "csat", Person: "carl", Why: survey.WhyAlready, Invitation: first.Invited[0].ID}}, again.Skipped)
	require.Equal(t, "carl is not asked for csat: already", again.Skipped[0].String())
	e.On, e.At = "resolved", e.At.Add(time.Minute)
	require.Empty(t, w.occurred(e).Invited, "nor does another occasion on the same record")
	w.pass(24 * time.Hour)
	require.Len(t, w.sent, 1)
}

func TestWhatDoesNotTriggerASurvey(t *testing.T) {
	w := standard(t, func(d *survey.Definition) {
		d.Trigger.When = []survey.Test{{Fact: "priority", In: []string{"P1", "P2"}}, {Fact: "channel", In: []string{"monitoring"}, Not: true}}
		d.Trigger.Ask = []string{"caller", "assignee"}
	})
	for name, change := range map[string]func(*survey.Event){
		"another kind of record": func(e *survey.Event) { e.Record.Kind = "change" },
		"another occasion":       func(e *survey.Event) { e.On = "cancelled" },
		"a fact":                 func(e *survey.Event) { e.Facts = map[string]string{"priority": "P3"} },
		"a fact not there":       func(e *survey.Event) { e.Facts = nil },
		"a fact that must not":   func(e *survey.Event) { e.Facts = map[string]string{"priority": "P1", "channel": "monitoring"} },
		"nobody to ask":          func(e *survey.Event) { e.People = nil },
	} {
		e := event(ids.NewID(w.now), w.now)
		change(&e)
		require.Equal(t, survey.Result{}, w.occurred(e), name)
	}
	e := event(ids.NewID(w.now), w.now)
	e.People["assignee"] = []string{"carl", "", "ben"}
	require.Len(t, w.occurred(e).Invited, 2, "a person with two parts is asked once")
	_, err := w.Occurred(ctx, survey.Event{On: "?", Facts: map[string]string{"a b": ""}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, fault := range []string{"is not a record", "occasion", "an event has an instant", `fact "a b"`} {
		require.ErrorContains(t, err, fault)
	}
}

func TestReopeningTakesSurveysBack(t *testing.T) {
	w := standard(t)
	e := event(ids.NewID(w.now), w.now)
	inv := w.occurred(e).Invited[0]
	reopened := w.now.Add(30 * time.Minute)
	list, err := w.Reopened(ctx, e.Record, reopened)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, survey.StateCancelled, w.get(inv.ID).State)
	w.pass(24 * time.Hour)
	require.Empty(t, w.sent, "it is not sent any more")
	require.Equal(t, survey.WhyReopened, w.occurred(e).Skipped[0].Why, "the event of before asks nobody")

	e.At = w.now
	second := w.occurred(e).Invited[0]
	require.NotEqual(t, inv.ID, second.ID, "closed again, it asks anew")
	list, err = w.Reopened(ctx, e.Record, reopened)
	require.NoError(t, err)
	require.Empty(t, list, "an old word of a reopening takes nothing back")
	w.pass(2 * time.Hour)
	w.must(w.Answer(ctx, carl, second.ID, good))
	list, err = w.Reopened(ctx, e.Record, w.now)
	require.NoError(t, err)
	require.Empty(t, list, "what was answered stays")
	require.Equal(t, survey.StateAnswered, w.get(second.ID).State)
}

func TestWithdrawingAndDeclining(t *testing.T) {
	w := standard(t)
	a, b := w.invite(), w.invite()
	_, err := w.Cancel(ctx, mia, a.ID, " ")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = w.Cancel(ctx, carl, a.ID, "no time")
	require.ErrorIs(t, err, workflow.ErrForbidden)
	w.must(w.Cancel(ctx, mia, a.ID, "asked by mistake"))
	w.must(w.Decline(ctx, carl, b.ID))
	w.pass(9 * 24 * time.Hour)
	require.Empty(t, w.sent)
	_, err = w.Answer(ctx, carl, b.ID, good)
	var te *workflow.TransitionError
	require.True(t, errors.As(err, &te))
}

func TestAPersonIsNotAskedMoreThanTheCap(t *testing.T) {
	month := survey.Duration(30 * 24 * time.Hour)
	d := definition()
	d.PersonCap = &survey.PersonCap{Most: 1, Within: month}
	other := definition()
	other.Name = "other"
	third := definition()
	third.Name = "third"
	w := newWorld(t, survey.Config{Surveys: []survey.Definition{d, other, third}, PersonCap: &survey.PersonCap{Most: 2, Within: month}})
	r := w.occurred(event(ids.NewID(w.now), w.now))
	require.Len(t, r.Invited, 2, "two of three, over all surveys")
	require.Equal(t, "third", r.Skipped[0].Survey)
	require.Equal(t, survey.WhyPersonCap, r.Skipped[0].Why)
	require.Equal(t, survey.StateSkipped, w.get(r.Skipped[0].Invitation).State)
	w.pass(time.Hour)

	w.pass(30*24*time.Hour - time.Hour - time.Second)
	require.Empty(t, w.occurred(event(ids.NewID(w.now), w.now.Add(-time.Hour))).Invited, "a second before the period is over")
	w.pass(time.Second + time.Hour)
	require.Len(t, w.occurred(event(ids.NewID(w.now), w.now)).Invited, 2, "and when it is")
}

func TestACancelledInvitationGivesItsPlaceBackUnlessItWasSent(t *testing.T) {
	w := standard(t, func(d *survey.Definition) {
		d.PersonCap = &survey.PersonCap{Most: 1, Within: survey.Duration(30 * 24 * time.Hour)}
		d.PeriodCap = &survey.PeriodCap{Most: 2, Per: survey.Month}
	})
	first := w.invite()
	w.must(w.Cancel(ctx, mia, first.ID, "by mistake"))
	second := w.invite()
	w.pass(time.Hour)
	w.must(w.Cancel(ctx, mia, second.ID, "by mistake"))
	require.Equal(t, survey.WhyPersonCap, w.occurred(event(ids.NewID(w.now), w.now)).Skipped[0].Why)
	e := event(ids.NewID(w.now), w.now)
	e.People["caller"] = []string{"dora", "emil"}
	r := w.occurred(e)
	require.Equal(t, "dora", r.Invited[0].Person)
	require.Equal(t, survey.WhyPeriodCap, r.Skipped[0].Why, "the month is full")
	w.pass(31 * 24 * time.Hour)
	e = event(ids.NewID(w.now), w.now)
	e.People["caller"] = []string{"emil"}
	require.Len(t, w.occurred(e).Invited, 1, "the next month has places")
}

func TestALateRelayDoesNotBreakTheCap(t *testing.T) {
	w := standard(t, func(d *survey.Definition) {
		d.PersonCap = &survey.PersonCap{Most: 1, Within: survey.Duration(30 * 24 * time.Hour)}
	})
	first := w.invite() // planned for 10:00
	w.now = monday.Add(30 * 24 * time.Hour)
	second := w.occurred(event(ids.NewID(w.now), w.now)).Invited[0] // planned thirty days later
	_, err := w.relay.Drain(ctx)                                    // the relay stood still for a month
	require.NoError(t, err)
	require.Equal(t, survey.StateSent, w.get(first.ID).State)
	w.pass(2 * time.Hour)
	inv := w.get(second.ID)
	require.Equal(t, survey.StateSkipped, inv.State, "thirty days of the plan have become an hour")
	require.Equal(t, survey.WhyPersonCap, inv.Why)
}

func TestWhoWantsNoSurveysGetsNone(t *testing.T) {
	w := standard(t)
	planned := w.invite()
	require.ErrorIs(t, w.OptOut(ctx, dora, "carl", true), workflow.ErrForbidden)
	require.ErrorIs(t, w.OptOut(ctx, carl, "", true), workflow.ErrInvalid)
	require.NoError(t, w.OptOut(ctx, carl, "carl", true))
	require.Equal(t, survey.WhyOptedOut, w.occurred(event(ids.NewID(w.now), w.now)).Skipped[0].Why)
	w.pass(24 * time.Hour)
	require.Empty(t, w.sent)
	require.Equal(t, survey.StateSkipped, w.get(planned.ID).State)
	require.NoError(t, w.OptOut(ctx, mia, "carl", false))
	w.invite()
}

// iTop's user satisfaction is a field of the ticket: 1 is very satisfied, 4 very
// dissatisfied.
func onRecord() survey.Definition {
	d := definition()
	d.Questions = []survey.Question{{Name: "satisfaction", Kind: survey.Rating, Scale: 4, LowIsBest: true, Text: en("Satisfaction"), Required: true},
		{Name: "comment", Kind: survey.Words, Text: en("Comment")}}
	d.FollowUp = []survey.FollowUp{{Given: survey.Given{Question: "satisfaction", In: []string{"3", "4"}}, Tell: []string{"owner"}}}
	return d
}

func TestAScoreOnTheRecordIsAnAnswer(t *testing.T) {
	w := newWorld(t, survey.Config{Surveys: []survey.Definition{onRecord()}})
	e := event(ids.NewID(w.now), w.now)
	score := survey.Answers{"satisfaction": "4", "comment": "too slow"}
	_, err := w.AnswerOnRecord(ctx, dora, "csat", e, "carl", "caller", score)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	inv := w.must(w.AnswerOnRecord(ctx, portal, "csat", e, "carl", "caller", score))
	require.Equal(t, survey.StateAnswered, inv.State)
	require.True(t, inv.OnRecord)
	again := w.must(w.AnswerOnRecord(ctx, portal, "csat", e, "carl", "caller", score))
	require.Equal(t, inv.Version, again.Version, "told twice, kept once")
	require.Equal(t, survey.WhyAlready, w.occurred(e).Skipped[0].Why, "who has answered is not asked")
	w.pass(time.Hour)
	require.Equal(t, []string{survey.TopicFollowUp}, w.topics())

	asked := w.asked()
	e.Record = asked.About.Ref
	inv = w.must(w.AnswerOnRecord(ctx, carl, "csat", e, "carl", "caller", survey.Answers{"satisfaction": "1"}))
	require.Equal(t, asked.ID, inv.ID, "an invitation that is open is answered by it")
	require.False(t, inv.OnRecord)

	rates, err := survey.ResponseRates(w.sendings(), survey.Cut{})
	require.NoError(t, err)
	require.Equal(t, 1, rates[0].Figure.Sent, "what nobody was asked for does not count as a response")
	groups, err := w.survey().Satisfaction("satisfaction", w.sheets(), survey.Cut{})
	require.NoError(t, err)
	require.Equal(t, 1, groups[0].Figure.Top)
	require.Equal(t, 2, groups[0].N)

	_, err = w.AnswerOnRecord(ctx, portal, "nps", e, "carl", "caller", score)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	_, err = w.AnswerOnRecord(ctx, portal, "csat", e, "", "?", score)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestAnAnswerOnTheRecordThatNoInvitationTakesAnyMore(t *testing.T) {
	score := survey.Answers{"satisfaction": "2"}
	for _, row := range []struct {
		name  string
		ended func(*world, *survey.Invitation)
		state string
		sent  int // what was withdrawn does not count as sent
	}{
		{"it has expired", func(w *world, _ *survey.Invitation) { w.pass(8 * 24 * time.Hour) }, survey.StateExpired, 1},
		{"it has expired, and no timer has said so", func(w *world, _ *survey.Invitation) { w.now = w.now.Add(8 * 24 * time.Hour) }, survey.StateExpired, 1},
		{"it was declined", func(w *world, inv *survey.Invitation) { w.must(w.Decline(ctx, carl, inv.ID)) }, survey.StateDeclined, 1},
		{"it was withdrawn", func(w *world, inv *survey.Invitation) { w.must(w.Cancel(ctx, mia, inv.ID, "by mistake")) }, survey.StateCancelled, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, survey.Config{Surveys: []survey.Definition{onRecord()}})
			e := event(ids.NewID(w.now), w.now)
			asked := w.occurred(e).Invited[0]
			w.pass(time.Hour)
			row.ended(w, asked)
			_, err := w.AnswerOnRecord(ctx, dora, "csat", e, "carl", "caller", score)
			require.ErrorIs(t, err, workflow.ErrForbidden)
			inv := w.must(w.AnswerOnRecord(ctx, portal, "csat", e, "carl", "caller", score))
			require.NotEqual(t, asked.ID, inv.ID)
			require.True(t, inv.OnRecord)
			require.Equal(t, survey.StateAnswered, inv.State)
			again := w.must(w.AnswerOnRecord(ctx, portal, "csat", e, "carl", "caller", score))
			require.Equal(t, inv, again, "told twice, kept once")
			_, err = w.AnswerOnRecord(ctx, carl, "csat", e, "carl", "caller", survey.Answers{"satisfaction": "1"})
			require.ErrorIs(t, err, workflow.ErrTransition, "nobody answers twice")
			require.Equal(t, survey.WhyAlready, w.occurred(e).Skipped[0].Why)
			w.pass(time.Hour)
			require.Equal(t, row.state, w.get(asked.ID).State, "what was asked stays as it ended")
			rates, err := survey.ResponseRates(w.sendings(), survey.Cut{})
			require.NoError(t, err)
			sent, answered := 0, 0
			for _, r := range rates {
				sent, answered = sent+r.Figure.Sent, answered+r.Figure.Answered
			}
			require.Equal(t, []int{row.sent, 0}, []int{sent, answered}, "what was asked in vain stays so")
			require.Len(t, w.sheets(), 1)
		})
	}
}

func TestWhoWasSkippedMayAnswerOnTheRecord(t *testing.T) {
	d := onRecord()
	w := newWorld(t, survey.Config{Surveys: []survey.Definition{d}})
	require.NoError(t, w.OptOut(ctx, carl, "carl", true))
	e := event(ids.NewID(w.now), w.now)
	skipped := w.occurred(e).Skipped[0]
	inv := w.must(w.AnswerOnRecord(ctx, carl, "csat", e, "carl", "caller", survey.Answers{"satisfaction": "2"}))
	require.Equal(t, skipped.Invitation, inv.ID)
	require.Equal(t, survey.StateAnswered, inv.State)
}

func (w *world) survey() *survey.Survey {
	s, err := w.Survey("csat")
	require.NoError(w.t, err)
	return s
}

func (w *world) sheets() []survey.Sheet {
	list, err := w.Sheets(ctx, "csat", monday.AddDate(-1, 0, 0), monday.AddDate(1, 0, 0))
	require.NoError(w.t, err)
	return list
}

func (w *world) sendings() []survey.Sending {
	list, err := w.Sent(ctx, "csat", monday.AddDate(-1, 0, 0), monday.AddDate(1, 0, 0))
	require.NoError(w.t, err)
	return list
}

func TestAnonymousAnswersAreKeptApartFromWhoGaveThem(t *testing.T) {
	w := standard(t, func(d *survey.Definition) { d.Anonymous, d.Keep = true, []string{"group"} })
	inv := w.asked()
	_, err := w.Answer(ctx, dora, inv.ID, good)
	require.ErrorIs(t, err, workflow.ErrForbidden, "only who was invited answers here too")
	answers := survey.Answers{"overall": "1", "why": "slow", "words": "the very words"}
	inv = w.must(w.Answer(ctx, carl, inv.ID, answers))
	require.Empty(t, inv.Answers)
	require.True(t, inv.AnsweredAt.IsZero())
	_, err = w.Answer(ctx, carl, inv.ID, good)
	require.ErrorIs(t, err, workflow.ErrTransition, "once")
	w.pass(time.Hour)

	sheets := w.sheets()
	require.Len(t, sheets, 1)
	require.Equal(t, survey.Sheet{At: monday.Truncate(24 * time.Hour), Version: 1, Facts: map[string]string{"group": "mail"}, Answers: answers}, sheets[0])
	require.Equal(t, []string{survey.TopicInvited, survey.TopicFollowUp}, w.topics())
	f := w.sent[1].Finding
	require.Empty(t, f.Person)
	require.Empty(t, f.About)
	require.Equal(t, answers, f.Answers)

	// Nothing that is stored has both: neither a record nor an event, and no id or batch
	// of the one is in the other.
	batches := map[workflow.ID]bool{}
	for e, err := range w.store.Events(ctx, "", workflow.Filter{}) {
		require.NoError(t, err)
		text, err := e.Encode()
		require.NoError(t, err)
		if e.Kind == survey.KindResponse {
			require.NotContains(t, string(text), "carl")
			require.NotContains(t, string(text), inv.About.ID.String())
			require.NotContains(t, string(text), inv.ID.String())
			require.False(t, batches[e.Batch])
			require.Equal(t, workflow.ActorSystem, e.Actor.Type)
		} else {
			require.NotContains(t, string(text), "the very words")
			batches[e.Batch] = true
		}
	}
}

func TestABadAnswerIsFollowedUp(t *testing.T) {
	w := standard(t)
	inv := w.asked()
	w.must(w.Answer(ctx, carl, inv.ID, survey.Answers{"overall": "2", "why": "unsolved"}))
	w.pass(time.Hour)
	require.Equal(t, survey.TopicFollowUp, w.sent[1].topic)
	f := w.sent[1].Finding
	require.Equal(t, []string{"service-owner"}, f.To)
	require.Equal(t, "overall", f.Question)
	require.Equal(t, "2", f.Value)
	require.Equal(t, "carl", f.Person)
	require.Equal(t, "INC0000042", f.About.Number)
}

func TestInvitationsKeepTheVersionTheyWereMadeBy(t *testing.T) {
	store := standard(t)
	inv := store.asked()
	next := definition()
	next.Version = 2
	next.Questions[0].Scale = 10
	next.Languages, next.Title = []string{"en", "de"}, survey.Text{"en": "How?", "de": "Wie?"}
	for i := range next.Questions {
		next.Questions[i].Text["de"] = "?"
		for j := range next.Questions[i].Options {
			next.Questions[i].Options[j].Text["de"] = "?"
		}
	}
	desk := workflow.NewDesk(store.store, workflow.DeskConfig{Clock: func() time.Time { return store.now }, IDs: workflow.SeededIDs(5)})
	s, err := survey.NewService(desk, survey.Config{Surveys: []survey.Definition{next, definition()}})
	require.NoError(t, err)
	_, err = s.Answer(ctx, carl, inv.ID, survey.Answers{"overall": "10"})
	require.ErrorIs(t, err, workflow.ErrInvalid, "it was asked on a scale of five")
	_, err = s.Answer(ctx, carl, inv.ID, good)
	require.NoError(t, err)
	e := event(ids.NewID(store.now), store.now)
	e.Languages = map[string]string{"carl": "de"}
	r, err := s.Occurred(ctx, e)
	require.NoError(t, err)
	require.Equal(t, 2, r.Invited[0].SurveyVersion)
	require.Equal(t, "Wie?", r.Invited[0].Title)

	s, err = survey.NewService(desk, survey.Config{Surveys: []survey.Definition{definition()}})
	require.NoError(t, err)
	_, err = s.Answer(ctx, carl, r.Invited[0].ID, good)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "version 2 is not configured")
	s, err = survey.NewService(desk, survey.Config{Surveys: []survey.Definition{definition()}, Closed: []string{"csat"}})
	require.NoError(t, err)
	r, err = s.Occurred(ctx, event(ids.NewID(store.now), store.now))
	require.NoError(t, err)
	require.Empty(t, r, "a closed survey asks nobody")
}

func TestWorkThatIsNotForSurveysIsParked(t *testing.T) {
	w := standard(t)
	inv := w.invite()
	ref := w.Kind().Ref(inv.ID)
	payload, _ := json.Marshal(map[string]any{"survey": "gone", "version": 1})
	for name, d := range map[string]workflow.Due{
		"another timer":   {Timer: &workflow.Timer{Ref: ref, Name: "lunch", Due: monday}},
		"another kind":    {Timer: &workflow.Timer{Ref: workflow.Ref{Kind: "incident", ID: inv.ID}, Name: survey.TimerSend}},
		"another message": {Message: &workflow.Message{Ref: ref, Topic: "incident.closed"}},
		"no invitation":   {Timer: &workflow.Timer{Ref: w.Kind().Ref(ids.NewID(monday)), Name: survey.TimerSend, Due: monday}},
		"no answers":      {Message: &workflow.Message{Ref: ref, Topic: survey.TopicCollect, Payload: []byte("x")}},
		"no such survey":  {Message: &workflow.Message{Ref: ref, Topic: survey.TopicCollect, Payload: payload}},
	} {
		err := w.Handle(ctx, d)
		require.Error(t, err, name)
		require.False(t, strings.Contains(err.Error(), "panic"), name)
	}
	early := workflow.Due{Timer: &workflow.Timer{Ref: ref, Name: survey.TimerSend, Due: monday}}
	require.NoError(t, w.Handle(ctx, early), "a timer that comes too early does nothing")
	require.Equal(t, inv.Version, w.get(inv.ID).Version)
}
