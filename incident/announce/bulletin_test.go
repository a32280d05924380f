package announce_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/workflow"
)

func TestWhoIsTouchedIsToldOnceWithTheReason(t *testing.T) {
	w := newWorld(t)
	b := w.report(outage(mail, shop))
	require.Equal(t, "BUL0000001", b.Number)
	w.pass(0)
	// carl consumes mail in his group and by himself, dora mail in her group and the shop at her site.
	why := map[string][]string{}
	for _, l := range w.letters {
		why[l.person] = l.why
		require.Equal(t, []string{"mail"}, l.channels)
		require.Equal(t, "INC0000007", l.About.Number)
	}
	require.Equal(t, map[string][]string{
		"carl": {"consumes as group sales: mail is down (disk 7 → mail)", "consumes: mail is down (disk 7 → mail)"},
		"dora": {"consumes as group sales: mail is down (disk 7 → mail)", "consumes as site Hamburg: shop is down (disk 7 → shop)"},
		"gus":  {"consumes as site Hamburg: shop is down (disk 7 → shop)"},
	}, why)
	require.Equal(t, []string{"carl reported", "dora reported", "gus reported"}, w.told())
	w.pass(24 * time.Hour)
	require.Empty(t, w.told(), "once")
	standings, err := w.Standings(ctx, b.ID)
	require.NoError(t, err)
	require.Len(t, standings, 3)
	require.Equal(t, announce.Reported, standings[0].Told)
}

func TestUpdatesReachWhoWasToldAndWhoIsTouchedByNow(t *testing.T) {
	w := newWorld(t)
	b := w.report(outage(mail))
	w.pass(0)
	require.Equal(t, []string{"carl reported", "dora reported"}, w.told())
	w.must(w.Update(ctx, mia, b.ID, announce.News{Words: words("We look into it")}))
	w.pass(0)
	require.Equal(t, []string{"carl update", "dora update"}, w.told())

	w.must(w.Update(ctx, mia, b.ID, announce.News{Words: words("The shop as well"), Harms: outage(shop).Harms}))
	w.pass(0)
	require.Equal(t, []string{"carl update", "dora update", "gus update"}, w.told(), "gus is new, and carl is told on")
	w.must(w.Clear(ctx, mia, b.ID, words("It is over")))
	w.pass(0)
	require.Equal(t, []string{"carl all_clear", "dora all_clear", "gus all_clear"}, w.told())
	_, err := w.Update(ctx, mia, b.ID, announce.News{Words: words("Or is it?")})
	require.ErrorIs(t, err, workflow.ErrTransition)
}

func TestTheAllClearGoesToExactlyThoseWhoWereTold(t *testing.T) {
	w := newWorld(t)
	b := w.report(outage(mail))
	w.pass(0)
	w.told()
	w.groups[group("sales")] = []string{"emil"} // the group has changed meanwhile
	_, err := w.Prefer(ctx, carl, "carl", announce.Preferences{NotByConsumption: true})
	require.NoError(t, err)
	w.must(w.Clear(ctx, mia, b.ID, words("It is over")))
	w.pass(0)
	require.Equal(t, []string{"carl all_clear", "dora all_clear"}, w.told())
}

func TestARetractedBulletinIsTakenBack(t *testing.T) {
	w := newWorld(t)
	b := w.report(outage(mail))
	w.pass(0)
	w.told()
	_, err := w.Retract(ctx, carl, b.ID, words("A false alarm"))
	require.ErrorIs(t, err, workflow.ErrForbidden)
	b = w.must(w.Retract(ctx, mia, b.ID, words("A false alarm")))
	require.Equal(t, announce.StateRetracted, b.State)
	w.pass(0)
	require.Equal(t, []string{"carl withdrawn", "dora withdrawn"}, w.told())
}

func TestASubscriptionIsToWhatItSays(t *testing.T) {
	for _, test := range []struct {
		name string
		sub  announce.Subscription
		told bool
	}{
		{"everything", announce.Subscription{}, true},
		{"an item that is harmed", announce.Subscription{Item: shop}, true},
		{"an item that is not", announce.Subscription{Item: mail}, false},
		{"a site that consumes it", announce.Subscription{Site: "Hamburg"}, true},
		{"a site that is named", announce.Subscription{Site: "Lyon"}, true},
		{"another site", announce.Subscription{Site: "Oslo"}, false},
		{"the kind", announce.Subscription{Kinds: []announce.Kind{announce.Change, announce.Outage}}, true},
		{"another kind", announce.Subscription{Kinds: []announce.Kind{announce.Change}}, false},
		{"as severe", announce.Subscription{Least: announce.High}, true},
		{"not severe enough", announce.Subscription{Least: announce.Critical}, false},
		{"everything at once", announce.Subscription{Item: shop, Kinds: []announce.Kind{announce.Outage}, Least: announce.Low}, true},
		{"one of two fails", announce.Subscription{Item: shop, Kinds: []announce.Kind{announce.Change}, Least: announce.Low}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *announce.Config) { c.Channels = []string{"mail", "chat"} })
			test.sub.Name = "s"
			_, err := w.Subscribe(ctx, workflow.User("fay"), person("fay"), test.sub)
			require.NoError(t, err)
			test.sub.Channels = []string{"sms"}
			_, err = w.Subscribe(ctx, mia, group("ops"), test.sub)
			require.NoError(t, err)
			r := outage(shop)
			r.Sites = []string{"Lyon"}
			b := w.report(r)
			all, err := w.Audience(ctx, b)
			require.NoError(t, err)
			w.pass(0)
			if !test.told {
				require.Equal(t, []string{"dora reported", "gus reported"}, w.told())
				require.Len(t, all, 2)
				return
			}
			for _, l := range w.letters {
				if l.person == "fay" || l.person == "emil" {
					require.Contains(t, l.channels, "sms", "the subscription has its own channel")
				}
				if l.person == "fay" {
					require.Len(t, l.why, 2, "she has two reasons, and one letter")
				}
			}
			require.Equal(t, []string{"dora reported", "emil reported", "fay reported", "gus reported"}, w.told())
			require.Len(t, all, 4)
		})
	}
}

func TestWhoWantsNotToBeToldByConsumption(t *testing.T) {
	w := newWorld(t)
	w.prefer("carl", announce.Preferences{NotByConsumption: true})
	w.prefer("dora", announce.Preferences{Least: announce.Critical, Channels: []string{"chat"}})
	w.report(outage(mail))
	w.pass(0)
	require.Empty(t, w.told())
	r := outage(mail)
	r.Severity = announce.Critical
	r.Audience = []announce.Party{person("carl")}
	w.report(r)
	w.pass(0)
	for _, l := range w.letters {
		if l.person == "carl" {
			require.Equal(t, []string{"is addressed"}, l.why)
		} else {
			require.Equal(t, []string{"chat"}, l.channels)
		}
	}
	require.Equal(t, []string{"carl reported", "dora reported"}, w.told())
}

func TestNobodyIsWokenUpForLittle(t *testing.T) {
	w := newWorld(t)
	w.prefer("carl", announce.Preferences{Awake: hours(t, "08:00-20:00"), Unless: announce.Critical})
	w.now = monday.Add(13 * time.Hour) // 22:00
	b := w.report(outage(mail))
	w.pass(time.Hour)
	require.Equal(t, []string{"dora reported"}, w.told())
	standings, err := w.Standings(ctx, b.ID)
	require.NoError(t, err)
	require.True(t, standings[0].Held)
	require.Empty(t, standings[0].Told)
	w.must(w.Update(ctx, mia, b.ID, announce.News{Words: words("We look into it")}))
	w.pass(9 * time.Hour) // 08:00
	require.Equal(t, []string{"carl update by digest", "dora update"}, w.told(), "in the morning he hears the latest, once")
	w.now = w.now.Add(14 * time.Hour) // 22:00 again
	w.must(w.Update(ctx, mia, b.ID, announce.News{Words: words("Everything burns"), Severity: announce.Critical}))
	w.pass(0)
	require.Equal(t, []string{"carl update", "dora update"}, w.told(), "what is critical comes through")
	w.must(w.Clear(ctx, mia, b.ID, words("It is over")))
	w.pass(0)
	require.Equal(t, []string{"carl all_clear", "dora all_clear"}, w.told(), "and so does its end")
}

func TestWhatIsOverByTheMorningIsNotTold(t *testing.T) {
	w := newWorld(t)
	w.prefer("carl", announce.Preferences{Awake: hours(t, "08:00-20:00")})
	w.now = monday.Add(13 * time.Hour)
	b := w.report(outage(mail))
	w.pass(time.Hour)
	w.must(w.Clear(ctx, mia, b.ID, words("It is over")))
	w.pass(24 * time.Hour)
	require.Equal(t, []string{"dora all_clear", "dora reported"}, w.told(), "carl has slept through it")
	p, err := w.Profile(ctx, person("carl"))
	require.NoError(t, err)
	require.Empty(t, p.Held)
}

func TestTheAllClearWaitsForTheMorningToo(t *testing.T) {
	w := newWorld(t)
	w.prefer("carl", announce.Preferences{Awake: hours(t, "08:00-20:00")})
	b := w.report(outage(mail))
	w.pass(13 * time.Hour)
	w.told()
	w.must(w.Clear(ctx, mia, b.ID, words("It is over")))
	w.pass(time.Hour)
	require.Equal(t, []string{"dora all_clear"}, w.told())
	w.pass(10 * time.Hour)
	require.Equal(t, []string{"carl all_clear by digest"}, w.told())
}

func TestADigestHasEverythingInOneMessage(t *testing.T) {
	w := newWorld(t)
	w.prefer("carl", announce.Preferences{Digest: hours(t, "17:00-17:30"), Unless: announce.Critical})
	first := w.report(outage(mail))
	w.pass(time.Hour)
	second := outage(mail)
	second.Kind, second.Severity = announce.Change, announce.Low
	w.report(second)
	w.pass(6 * time.Hour)
	require.NotContains(t, w.told(), "carl reported")
	w.pass(time.Hour) // 17:00
	require.Len(t, w.letters, 2)
	require.Equal(t, w.letters[0].At.Add(time.Hour), w.letters[1].At, "in the order in which they came")
	require.Equal(t, []string{"carl reported by digest", "carl reported by digest"}, w.told())
	w.must(w.Clear(ctx, mia, first.ID, words("It is over")))
	w.pass(25 * time.Hour)
	require.Equal(t, []string{"carl all_clear by digest", "dora all_clear"}, w.told())
}

func TestALateRelayDoesNotDisturbTheNight(t *testing.T) {
	w := newWorld(t)
	w.prefer("carl", announce.Preferences{Awake: hours(t, "08:00-20:00")})
	w.now = monday.Add(13 * time.Hour)
	w.report(outage(mail))
	w.pass(0)
	w.told()
	w.now = w.now.Add(23 * time.Hour) // 21:00 of the next day, the relay has slept
	w.pass(0)
	require.Empty(t, w.told())
	w.pass(11 * time.Hour)
	require.Equal(t, []string{"carl reported by digest"}, w.told())
}

// everyone makes a town of n people who all consume mail.
func (w *world) everyone(n int) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("p%05d", i)
	}
	w.groups[group("sales")] = names
	w.uses[mail] = []announce.Party{group("sales")}
}

func TestTenThousandAreReachedInChunks(t *testing.T) {
	w := newWorld(t)
	w.everyone(10_000)
	b := w.report(outage(mail))
	n, err := w.relay.Step(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n, "the command itself reaches nobody: it is quick whoever is touched")
	w.pass(0)
	require.Len(t, w.told(), 10_000)
	require.Len(t, w.batches, 10_000/announce.ChunkSize)
	for _, size := range w.batches {
		require.LessOrEqual(t, size, announce.ChunkSize)
	}
	w.must(w.Clear(ctx, mia, b.ID, words("It is over")))
	w.pass(0)
	require.Len(t, w.told(), 10_000)
}

// The people of the chunks are the same as those of the whole audience, with the same
// reasons, in whatever order the directory lists them.
func TestAnAudienceIsTheSameInChunks(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t)
		w.everyone(200 + r.IntN(900))
		all := w.groups[group("sales")]
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		w.groups[group("ops")] = slices.Clone(all[:len(all)/2])
		slices.Sort(w.groups[group("ops")])
		slices.Reverse(w.groups[group("ops")])
		w.uses[shop] = []announce.Party{group("ops"), person(all[len(all)-1])}
		rep := outage(mail, shop)
		rep.Audience = []announce.Party{{Kind: announce.Users, Item: shop}, person("zoe"), {Kind: announce.Everybody}}
		b := w.report(rep)
		want, err := w.Audience(ctx, b)
		require.NoError(t, err)
		w.pass(0)
		require.Len(t, w.letters, len(want))
		for i, l := range w.letters {
			require.Equal(t, want[i].Person, l.person)
			require.Len(t, l.why, len(want[i].Why))
		}
	}
}

func TestAnInterruptedRoundGoesOnWhereItStopped(t *testing.T) {
	w := newWorld(t)
	w.everyone(1000)
	w.report(outage(mail))
	for range 7 {
		_, err := w.relay.Step(ctx)
		require.NoError(t, err)
	}
	reached := len(w.letters)
	require.Greater(t, reached, 0)
	require.Less(t, reached, 1000)
	relay, err := workflow.NewRelay(w.store, w.mux(w.serve(w.store, announce.Config{Directory: w.town, Consumers: w.town})), workflow.RelayConfig{Clock: w.clock})
	require.NoError(t, err)
	_, err = relay.Drain(ctx) // another program takes over
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, l := range w.letters {
		require.False(t, seen[l.person], "%s is told twice", l.person)
		seen[l.person] = true
	}
	require.Len(t, seen, 1000)
}

func TestNobodyIsToldOfWhatIsOverAlready(t *testing.T) {
	w := newWorld(t)
	w.everyone(1000)
	b := w.report(outage(mail))
	for range 5 {
		_, err := w.relay.Step(ctx)
		require.NoError(t, err)
	}
	w.must(w.Clear(ctx, mia, b.ID, words("It is over")))
	w.pass(0)
	count := map[announce.Stage]int{}
	for _, l := range w.letters {
		count[l.Stage]++
	}
	require.Less(t, count[announce.Reported], 1000)
	require.Equal(t, count[announce.Reported], count[announce.AllClear])
}

func TestADirectoryThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.report(outage(mail))
	w.down = fmt.Errorf("no connection")
	w.pass(0)
	require.Empty(t, w.told())
	w.down = nil
	w.pass(time.Hour)
	require.Equal(t, []string{"carl reported", "dora reported"}, w.told())
}

func TestAReportIsToldAllItsFaultsAtOnce(t *testing.T) {
	w := newWorld(t)
	_, err := w.Report(ctx, mia, announce.Report{Kind: "fire", Severity: 9, Words: announce.Words{"a b": {}},
		Harms:    []announce.Harm{{Item: mail, Name: "mail"}, {Item: mail, Name: "mail"}, {}},
		Sites:    []string{""},
		Audience: []announce.Party{{Kind: "crowd"}, {Kind: announce.Group}, {Kind: announce.Everybody, Name: "x"}, {Kind: announce.Users}, person("ann"), person("ann")}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, fault := range []string{`kind "fire"`, "severity(9)", `language "a b"`, "a title", `item "mail"`, `item ""`, `site ""`, `kind "crowd"`, "has a name", "consumers, and nobody else", "person ann is in the audience twice"} {
		require.ErrorContains(t, err, fault)
	}
	_, err = w.Report(ctx, mia, announce.Report{Kind: announce.Outage, Words: words("x")})
	require.ErrorContains(t, err, "nobody would be told")
	_, err = w.Report(ctx, carl, outage(mail))
	require.ErrorIs(t, err, workflow.ErrForbidden)
	b := w.report(outage(mail))
	_, err = w.Update(ctx, mia, b.ID, announce.News{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	again := w.must(w.Once("k").Report(ctx, mia, outage(mail)))
	require.Equal(t, again.ID, w.must(w.Once("k").Report(ctx, mia, outage(mail))).ID)
	r := outage(mail)
	b = w.report(r)
	r.Harms[0].Name, r.Words["en"] = "changed", announce.Wording{}
	require.Equal(t, "mail", w.must(w.Bulletin(ctx, b.ID)).Harms[0].Name, "what was given is not shared")
}

func TestAProfileIsThePersonsOwn(t *testing.T) {
	w := newWorld(t)
	all := announce.Subscription{Name: "all"}
	for name, who := range map[string]workflow.Actor{"somebody else": dora, "who acts for him": dora.For("carl")} {
		_, err := w.Subscribe(ctx, who, person("carl"), all)
		require.ErrorIs(t, err, workflow.ErrForbidden, name)
		_, err = w.Prefer(ctx, who, "carl", announce.Preferences{})
		require.ErrorIs(t, err, workflow.ErrForbidden, name)
	}
	_, err := w.Subscribe(ctx, carl, group("sales"), all)
	require.ErrorIs(t, err, workflow.ErrForbidden, "a group's is the communicator's")
	_, err = w.Subscribe(ctx, mia, announce.Party{Kind: announce.Everybody}, all)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = w.Subscribe(ctx, carl, person("carl"), announce.Subscription{Name: "?", Item: mail, Site: "x", Kinds: []announce.Kind{"fire", "fire"}, Channels: []string{""}, Least: 9})
	for _, fault := range []string{"subscription", "to an item, to a site", `kind "fire"`, "there twice", "channel", "severity(9)"} {
		require.ErrorContains(t, err, fault)
	}
	_, err = w.Subscribe(ctx, carl, person("carl"), all)
	require.NoError(t, err)
	p, err := w.Subscribe(ctx, carl, person("carl"), announce.Subscription{Name: "all", Least: announce.High})
	require.NoError(t, err)
	require.Len(t, p.Subscriptions, 1, "a name is there once")
	_, err = w.Unsubscribe(ctx, carl, person("carl"), "none")
	require.ErrorIs(t, err, workflow.ErrNotFound)
	p, err = w.Unsubscribe(ctx, carl, person("carl"), "all")
	require.NoError(t, err)
	require.Empty(t, p.Subscriptions)
	none, err := w.Profile(ctx, person("gus"))
	require.NoError(t, err)
	require.Empty(t, none.Subscriptions)
}

func TestWorkThatIsNotForAnnouncementsIsParked(t *testing.T) {
	w := newWorld(t)
	b := w.report(outage(mail))
	ref := workflow.Ref{Kind: announce.KindBulletin, ID: b.ID}
	for name, d := range map[string]workflow.Due{
		"another timer":   {Timer: &workflow.Timer{Ref: ref, Name: "lunch", Due: monday}},
		"another message": {Message: &workflow.Message{Ref: ref, Topic: "incident.closed"}},
		"no bulletin":     {Message: &workflow.Message{Ref: ref, Topic: announce.TopicSpread, Payload: []byte(`{"round":1}`)}},
		"no payload":      {Message: &workflow.Message{Ref: ref, Topic: announce.TopicSpread, Payload: []byte(`x`)}},
		"no announcement": {Timer: &workflow.Timer{Ref: workflow.Ref{Kind: announce.KindAnnouncement, ID: id("x")}, Name: announce.TimerValidity, Due: monday}},
	} {
		require.Error(t, w.Handle(ctx, d), name)
	}
}

func TestTheServiceChecksItsConfiguration(t *testing.T) {
	life, course := announce.Lifecycle(), announce.BulletinLifecycle()
	life.States, course.Actions = life.States[1:], course.Actions[1:]
	_, err := announce.NewService(nil, announce.Config{Channels: []string{"a b"}, Direct: []announce.Kind{"fire"}, Lifecycle: life, BulletinLifecycle: course})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, fault := range []string{"no desk", "no directory", `channel "a b"`, `kind "fire"`, "has no state draft", "has no action update"} {
		require.ErrorContains(t, err, fault)
	}
}
