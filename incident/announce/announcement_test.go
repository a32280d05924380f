package announce_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/workflow"
)

// draft is a maintenance on Tuesday, told to sales.
func draft() announce.Draft {
	return announce.Draft{Kind: announce.Maintenance, Priority: 3, Words: announce.Words{"en": {Title: "Mail is maintained"}, "de": {Title: "Die Post wird gewartet"}},
		Audience: []announce.Party{group("sales")}, From: monday.Add(24 * time.Hour), Until: monday.Add(48 * time.Hour)}
}

func (w *world) draft(change func(*announce.Draft)) *announce.Announcement {
	w.t.Helper()
	d := draft()
	change(&d)
	return w.ok(w.Draft(ctx, edi, d))
}

// publish releases an announcement that needs no approval.
func (w *world) publish(change func(*announce.Draft)) *announce.Announcement {
	w.t.Helper()
	a := w.draft(func(d *announce.Draft) { d.Kind, d.From = announce.Information, w.now; change(d) })
	return w.ok(w.Release(ctx, edi, a.ID))
}

func (w *world) state(a *announce.Announcement) string {
	w.t.Helper()
	return w.ok(w.Announcement(ctx, a.ID)).State
}

func (w *world) active(person string, at time.Time) []string {
	w.t.Helper()
	list, err := w.Active(ctx, person, at)
	require.NoError(w.t, err)
	numbers := []string{}
	for _, a := range list {
		numbers = append(numbers, a.Number)
	}
	return numbers
}

func TestAnAnnouncementFromItsDraftToItsExpiry(t *testing.T) {
	w := newWorld(t)
	a := w.draft(func(d *announce.Draft) { d.Push = true })
	require.Equal(t, announce.StateDraft, a.State)
	a = w.ok(w.Submit(ctx, edi, a.ID))
	require.Equal(t, announce.StateReview, a.State)
	a = w.ok(w.Approve(ctx, abe, a.ID))
	require.Equal(t, announce.StateScheduled, a.State)
	require.Equal(t, "abe", a.ApprovedBy)
	w.pass(24*time.Hour - time.Second)
	require.Equal(t, announce.StateScheduled, w.state(a))
	require.Empty(t, w.told())
	w.pass(time.Second)
	require.Equal(t, announce.StatePublished, w.state(a))
	require.Len(t, w.letters[0].Words, 2)
	require.Equal(t, a.ID, w.letters[0].Announcement)
	require.Equal(t, []string{"carl reported", "dora reported"}, w.told())
	w.pass(24 * time.Hour)
	require.Equal(t, announce.StateExpired, w.state(a))
	require.Empty(t, w.told())
	b := w.must(w.Bulletin(ctx, w.ok(w.Announcement(ctx, a.ID)).Bulletin))
	require.Equal(t, announce.StateCleared, b.State)
}

func TestNobodyApprovesWhatHeHasWritten(t *testing.T) {
	w := newWorld(t)
	both := workflow.User("ben", announce.RoleEditor, announce.RoleApprover)
	a := w.ok(w.Draft(ctx, edi.For("zoe"), draft()))
	w.ok(w.Edit(ctx, both, a.ID, draft()))
	w.ok(w.Submit(ctx, edi, a.ID))
	for name, who := range map[string]workflow.Actor{"an author": both, "who acts for an author": abe.For("edi"), "for whom it was written": workflow.User("zoe", announce.RoleApprover)} {
		_, err := w.Approve(ctx, who, a.ID)
		require.ErrorIs(t, err, workflow.ErrGuard, name)
	}
	_, err := w.Approve(ctx, edi, a.ID)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	w.ok(w.Approve(ctx, abe, a.ID))
}

func TestWhatIsRejectedIsADraftAgain(t *testing.T) {
	w := newWorld(t)
	a := w.draft(func(*announce.Draft) {})
	w.ok(w.Submit(ctx, edi, a.ID))
	_, err := w.Edit(ctx, edi, a.ID, draft())
	require.ErrorIs(t, err, workflow.ErrTransition, "what is reviewed stays as it is")
	_, err = w.Reject(ctx, abe, a.ID, "")
	require.ErrorIs(t, err, workflow.ErrRequired)
	w.ok(w.Reject(ctx, abe, a.ID, "too long"))
	w.ok(w.Edit(ctx, edi, a.ID, draft()))
	_, err = w.Edit(ctx, carl, a.ID, draft())
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.Draft(ctx, carl, draft())
	require.ErrorIs(t, err, workflow.ErrForbidden)
}

func TestOnlyADirectKindIsReleasedWithoutApproval(t *testing.T) {
	w := newWorld(t)
	a := w.draft(func(*announce.Draft) {})
	_, err := w.Release(ctx, edi, a.ID)
	require.ErrorIs(t, err, workflow.ErrGuard)
	options, err := w.Options(a, edi, w.now)
	require.NoError(t, err)
	for _, o := range options {
		require.Equal(t, o.Action == announce.ActionSubmit || o.Action == announce.ActionWithdraw && o.Allowed, o.Allowed, o.Action)
	}
	a = w.publish(func(*announce.Draft) {})
	require.Equal(t, announce.StatePublished, a.State, "its validity has begun, so it is published at once")
	late := w.draft(func(d *announce.Draft) { d.Kind = announce.Information })
	w.now = monday.Add(100 * time.Hour)
	_, err = w.Release(ctx, edi, late.ID)
	require.ErrorIs(t, err, workflow.ErrGuard, "its validity is over")
	_, err = w.Submit(ctx, edi, late.ID)
	require.ErrorIs(t, err, workflow.ErrGuard)
}

func TestWhatIsActiveForAPersonAtAnInstant(t *testing.T) {
	w := newWorld(t)
	everybody := []announce.Party{{Kind: announce.Everybody}}
	w.publish(func(d *announce.Draft) { d.Audience = everybody; d.Priority = 5 })                                // 1
	w.publish(func(d *announce.Draft) { d.Audience = []announce.Party{{Kind: announce.Site, Name: "Hamburg"}} }) // 2
	w.publish(func(d *announce.Draft) {
		d.Audience = []announce.Party{person("dora")}
		d.From = monday.Add(5 * time.Hour)
	}) // 3
	w.publish(func(d *announce.Draft) {
		d.Audience = []announce.Party{{Kind: announce.Users, Item: mail}}
		d.Priority = 1
	}) // 4
	w.draft(func(d *announce.Draft) { d.Audience, d.From = everybody, monday }) // 5: a draft
	require.Equal(t, []string{"ANN0000004", "ANN0000001"}, w.active("carl", w.now), "by priority")
	require.Equal(t, []string{"ANN0000004", "ANN0000002", "ANN0000001"}, w.active("dora", w.now))
	require.Equal(t, []string{"ANN0000001"}, w.active("fay", w.now))
	require.Equal(t, []string{"ANN0000004", "ANN0000003", "ANN0000002", "ANN0000001"}, w.active("dora", monday.Add(5*time.Hour)), "what is to come, the newest first")
	require.Empty(t, w.active("dora", monday.Add(-time.Second)), "before it was released")
	require.Len(t, w.active("carl", monday.Add(48*time.Hour-time.Microsecond)), 2)
	require.Empty(t, w.active("carl", monday.Add(48*time.Hour)), "the end is not in it, and no timer was needed")
	_, err := w.Active(ctx, "", w.now)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestOneAnnouncementComesInThePlaceOfAnother(t *testing.T) {
	w := newWorld(t)
	old := w.publish(func(d *announce.Draft) { d.Push = true })
	w.pass(0)
	w.told()
	next := w.draft(func(d *announce.Draft) {
		d.Kind, d.Supersedes, d.Push = announce.Information, old.ID, true
		d.From = monday.Add(10 * time.Hour)
	})
	w.ok(w.Release(ctx, edi, next.ID))
	require.Equal(t, announce.StatePublished, w.state(old), "until the other is published")
	w.pass(10 * time.Hour)
	require.Equal(t, []string{"carl reported", "dora reported"}, w.told())
	gone := w.ok(w.Announcement(ctx, old.ID))
	require.Equal(t, announce.StateSuperseded, gone.State)
	require.Equal(t, next.ID, gone.SupersededBy)
	require.Equal(t, []string{"ANN0000002"}, w.active("carl", w.now))
	require.Equal(t, []string{"ANN0000001"}, w.active("carl", w.now.Add(-time.Second)), "history stays")
	d := draft()
	d.Supersedes = id("nothing")
	_, err := w.Draft(ctx, edi, d)
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestWhatIsWithdrawnIsTakenBackFromThoseWhoWereTold(t *testing.T) {
	w := newWorld(t)
	a := w.publish(func(d *announce.Draft) { d.Push = true })
	w.pass(0)
	w.told()
	_, err := w.Withdraw(ctx, edi, a.ID, "", nil)
	require.ErrorIs(t, err, workflow.ErrRequired)
	_, err = w.Withdraw(ctx, edi, a.ID, "wrong day", announce.Words{"en": {}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	w.ok(w.Withdraw(ctx, edi, a.ID, "wrong day", words("Not today")))
	w.pass(0)
	require.Equal(t, []string{"carl withdrawn", "dora withdrawn"}, w.told())
	require.Empty(t, w.active("carl", w.now))

	w.everyone(500)
	silent := w.publish(func(d *announce.Draft) { d.Push = true })
	w.relay.Step(ctx)
	w.relay.Step(ctx)
	w.ok(w.Withdraw(ctx, edi, silent.ID, "wrong text", nil))
	w.pass(time.Hour)
	require.Less(t, len(w.told()), 500, "nobody more is told of it")
}

func TestWhatWaitsForTheMorningIsDroppedWhenItIsOver(t *testing.T) {
	w := newWorld(t)
	w.prefer("carl", announce.Preferences{Awake: hours(t, "08:00-20:00")})
	w.now = monday.Add(13 * time.Hour)
	w.publish(func(d *announce.Draft) { d.Push = true; d.From, d.Until = w.now, w.now.Add(2*time.Hour) })
	w.pass(24 * time.Hour)
	require.Equal(t, []string{"dora reported"}, w.told())
}

func TestALateRelayPublishesNothingThatIsOver(t *testing.T) {
	w := newWorld(t)
	a := w.draft(func(d *announce.Draft) { d.Kind, d.Push = announce.Information, true })
	w.ok(w.Release(ctx, edi, a.ID))
	w.now = monday.Add(72 * time.Hour)
	w.pass(0)
	require.Equal(t, announce.StateExpired, w.state(a))
	require.Empty(t, w.told())
}

func TestAcknowledgements(t *testing.T) {
	w := newWorld(t)
	a := w.publish(func(d *announce.Draft) {
		d.Acknowledge, d.Audience = true, []announce.Party{group("sales"), {Kind: announce.Site, Name: "Hamburg"}}
	})
	require.NoError(t, w.Acknowledge(ctx, carl, a.ID))
	require.NoError(t, w.Acknowledge(ctx, carl, a.ID), "once is enough")
	require.ErrorIs(t, w.Acknowledge(ctx, workflow.User("fay"), a.ID), workflow.ErrForbidden, "it is not for her")
	require.ErrorIs(t, w.Acknowledge(ctx, dora.For("gus"), a.ID), workflow.ErrForbidden, "nobody reads for another")
	require.ErrorIs(t, w.Acknowledge(ctx, workflow.System("bot"), a.ID), workflow.ErrForbidden)
	r, err := w.Readings(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, 3, r.Audience)
	require.Equal(t, 1, r.Acknowledged)
	require.Equal(t, "33.33", r.Percent.String())
	require.Equal(t, []string{"dora", "gus"}, r.Missing)
	w.groups[group("sales")] = []string{"dora"}
	r, err = w.Readings(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, []int{2, 0, 1}, []int{r.Audience, r.Acknowledged, r.Others})
	w.now = monday.Add(48 * time.Hour)
	require.ErrorIs(t, w.Acknowledge(ctx, dora, a.ID), workflow.ErrTransition, "it is over")
	other := w.publish(func(d *announce.Draft) { d.Until = w.now.Add(time.Hour) })
	require.ErrorIs(t, w.Acknowledge(ctx, dora, other.ID), workflow.ErrTransition, "it does not ask for it")
}

func TestADraftIsToldAllItsFaultsAtOnce(t *testing.T) {
	w := newWorld(t)
	_, err := w.Draft(ctx, edi, announce.Draft{Priority: 6, Severity: 7, Until: monday, From: monday})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, fault := range []string{"kind", "severity(7)", "priority 6", "words in 0 languages", "an audience of 0", "begin before it ends"} {
		require.ErrorContains(t, err, fault)
	}
	a := w.draft(func(*announce.Draft) {})
	_, err = w.Edit(ctx, edi, a.ID, announce.Draft{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestParsingIsStrict(t *testing.T) {
	for _, bad := range []string{``, `{`, `null`, `[]`, `{"knd":"outage"}`, `{} {}`, `{"severity":"bad"}`, `{"severity":3}`} {
		_, err := announce.ParseReport([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
		_, err = announce.ParseDraft([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
		_, err = announce.ParseSubscription([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
	for _, bad := range []string{``, `{`, `[]`, `{"wake":1}`, `{"unless":"bad"}`, `{"awake":{"zone":"UTC"}}`, `{"digest":{"zone":"UTC"}}`, `{"channels":["x","x"]}`} {
		_, err := announce.ParsePreferences([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
}

func fuzz[T any](f *testing.F, parse func([]byte) (T, error), seeds ...any) {
	for _, s := range seeds {
		text, err := json.Marshal(s)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := parse(text)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		once, err := json.Marshal(v)
		require.NoError(t, err)
		again, err := parse(once)
		require.NoError(t, err)
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
	})
}

func FuzzParseReport(f *testing.F) { fuzz(f, announce.ParseReport, outage(mail, shop)) }

func FuzzParseDraft(f *testing.F) { fuzz(f, announce.ParseDraft, draft()) }

func FuzzParsePreferences(f *testing.F) {
	fuzz(f, announce.ParsePreferences, announce.Preferences{Channels: []string{"sms"}, Awake: hours(f, "08:00-20:00"), Unless: announce.High})
}

func FuzzParseSubscription(f *testing.F) {
	fuzz(f, announce.ParseSubscription, announce.Subscription{Name: "s", Item: mail, Kinds: []announce.Kind{announce.Outage}, Least: announce.Low},
		announce.Subscription{Name: "site", Site: "Hamburg"})
}

func TestAHostMayAddStatesToBothLifecycles(t *testing.T) {
	life, course := announce.Lifecycle(), announce.BulletinLifecycle()
	life.States = append(life.States, workflow.State{Name: "legal", Label: "With the lawyers", Category: workflow.CategoryOnHold})
	life.Actions = append(life.Actions, workflow.Action{Name: "consult"})
	life.Transitions = append(life.Transitions, workflow.Transition{From: []string{announce.StateReview}, Action: "consult", To: "legal", Roles: []string{announce.RoleApprover}},
		workflow.Transition{From: []string{"legal"}, Action: announce.ActionApprove, To: announce.StateScheduled, Roles: []string{announce.RoleApprover}, Guards: []string{"signed"}})
	course.States = append(course.States, workflow.State{Name: "monitoring", Category: workflow.CategoryActive})
	course.Transitions[0].To = "monitoring"
	for i := range course.Transitions {
		course.Transitions[i].From = []string{announce.StateOpen, "monitoring"}
	}
	w := newWorld(t, func(c *announce.Config) {
		c.Lifecycle, c.BulletinLifecycle = life, course
		c.Guards = map[string]workflow.Guard[announce.Facts]{"signed": {Check: func(f announce.Facts) bool { return f.Actor.ID == "abe" }}}
	})
	w.prefer("carl", announce.Preferences{Awake: hours(t, "12:00-20:00")})
	b := w.report(outage(mail))
	b = w.must(w.Update(ctx, mia, b.ID, announce.News{Words: words("We watch it")}))
	require.Equal(t, "monitoring", b.State)
	w.pass(4 * time.Hour)
	require.Equal(t, []string{"carl update by digest", "dora update"}, w.told(), "a state of the host's own is no end")
}

func TestWhatIsSupersededIsNotActiveBesideItsSuccessorHoweverLateTimersAre(t *testing.T) {
	w := newWorld(t)
	draft := announce.Draft{Kind: announce.Information, Priority: 2, Words: words("Old"), Audience: []announce.Party{{Kind: announce.Everybody}}, From: monday, Until: monday.Add(48 * time.Hour)}
	old := w.ok(w.Draft(ctx, edi, draft))
	w.ok(w.Release(ctx, edi, old.ID))
	noon := monday.Add(3 * time.Hour)
	draft.Words, draft.From, draft.Supersedes, draft.Audience = words("New"), noon, old.ID, []announce.Party{group("ops")}
	w.ok(w.Release(ctx, edi, w.ok(w.Draft(ctx, edi, draft)).ID))
	titles := func(who string, at time.Time) (list []string) {
		all, err := w.Active(ctx, who, at)
		require.NoError(t, err)
		for _, a := range all {
			list = append(list, a.Title)
		}
		return list
	}
	check := func() {
		require.Equal(t, []string{"Old"}, titles("emil", noon.Add(-time.Second)))
		require.Equal(t, []string{"New"}, titles("emil", noon))
		require.Empty(t, titles("carl", noon), "the successor is for others")
	}
	check()
	w.now = noon.Add(time.Hour) // the relay is late
	check()
	w.pass(0)
	require.Equal(t, announce.StateSuperseded, w.ok(w.Announcement(ctx, old.ID)).State)
	check()
}

func TestWhatWasSupersededStaysSoWhenItsSuccessorIsOverBeforeATimerCame(t *testing.T) {
	for _, end := range []string{"expires", "is withdrawn", "is withdrawn before its time"} {
		t.Run("the successor "+end, func(t *testing.T) {
			w := newWorld(t)
			draft := announce.Draft{Kind: announce.Information, Priority: 2, Words: words("Old"), Audience: []announce.Party{{Kind: announce.Everybody}}, From: monday, Until: monday.Add(48 * time.Hour)}
			old := w.ok(w.Draft(ctx, edi, draft))
			w.ok(w.Release(ctx, edi, old.ID))
			w.pass(0)
			noon := monday.Add(3 * time.Hour)
			draft.Words, draft.From, draft.Until, draft.Supersedes = words("New"), noon, noon.Add(time.Hour), old.ID
			next := w.ok(w.Draft(ctx, edi, draft))
			w.ok(w.Release(ctx, edi, next.ID))
			want := announce.StateSuperseded
			switch end {
			case "is withdrawn":
				w.now = noon.Add(30 * time.Minute)
				w.ok(w.Withdraw(ctx, edi, next.ID, "wrong", nil))
			case "is withdrawn before its time":
				w.ok(w.Withdraw(ctx, edi, next.ID, "wrong", nil))
				want = announce.StatePublished
			}
			w.now = noon.Add(2 * time.Hour) // and only now there is a relay again
			check := func() {
				list, err := w.Active(ctx, "emil", w.now)
				require.NoError(t, err)
				require.Equal(t, want == announce.StatePublished, len(list) == 1)
			}
			check()
			w.pass(0)
			require.Equal(t, want, w.ok(w.Announcement(ctx, old.ID)).State)
			check()
			if want == announce.StateSuperseded {
				require.Equal(t, noon, w.ok(w.Announcement(ctx, old.ID)).EndedAt)
			}
		})
	}
}

func TestTheLibrarysGuardsAreItsOwn(t *testing.T) {
	w := newWorld(t)
	always := workflow.Guard[announce.Facts]{Check: func(announce.Facts) bool { return true }, Explain: "always"}
	_, err := announce.NewService(workflow.NewDesk(w.store, workflow.DeskConfig{}), announce.Config{Directory: w.town,
		Guards: map[string]workflow.Guard[announce.Facts]{announce.GuardFourEyes: always}})
	require.ErrorContains(t, err, announce.GuardFourEyes)
}
