package announce_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/workflow"
)

// long are words in so many languages, as long as they may be in each.
func long(languages, bytes int) announce.Words {
	w := announce.Words{}
	for n := range languages {
		w[fmt.Sprintf("l%d", n)] = announce.Wording{Title: "Down", Text: strings.Repeat("<", bytes)}
	}
	return w
}

func TestAWordThatIsTooLongAltogetherIsRefused(t *testing.T) {
	w := newWorld(t)
	r := outage(mail)
	r.Words = long(announce.MaxLanguages, announce.MaxWording)
	_, err := w.Report(ctx, mia, r)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestTheEndCanBeToldHoweverMuchWasSaidBefore(t *testing.T) {
	w := newWorld(t)
	r := outage(mail)
	r.Words = long(12, announce.MaxWording)
	b := w.report(r)
	w.pass(time.Minute)
	require.Len(t, w.told(), 2)
	var err error
	for n := 0; err == nil && n < announce.MaxRounds; n++ {
		_, err = w.Update(ctx, mia, b.ID, announce.News{Words: long(12, announce.MaxWording)})
	}
	require.ErrorIs(t, err, workflow.ErrInvalid, "a bulletin is not without an end")
	require.ErrorContains(t, err, "another bulletin")
	w.must(w.Clear(ctx, mia, b.ID, long(12, announce.MaxWording)))
	w.pass(time.Minute)
	require.Equal(t, []string{"carl all_clear", "dora all_clear"}, w.told())
}

func TestReasonsDoNotMakeANoticeTooLong(t *testing.T) {
	w := newWorld(t)
	everybody := announce.Party{Kind: announce.Everybody}
	w.groups[everybody] = nil
	for n := range announce.ChunkSize {
		w.groups[everybody] = append(w.groups[everybody], fmt.Sprintf("p%03d", n))
	}
	r := announce.Report{Kind: announce.Outage, Words: words("Down")}
	for n := range 6 {
		item := id(fmt.Sprint("item ", n))
		w.uses[item] = []announce.Party{everybody}
		r.Harms = append(r.Harms, announce.Harm{Item: item, Name: "an item", Path: strings.Repeat("<", announce.MaxWording/4)})
	}
	w.report(r)
	w.pass(time.Minute)
	require.Len(t, w.told(), announce.ChunkSize)
}

func TestALongMorningsReadingComesInParts(t *testing.T) {
	w := newWorld(t)
	w.prefer("carl", announce.Preferences{Digest: hours(t, "08:00-09:00")})
	for n := range 60 {
		w.report(announce.Report{Kind: announce.Outage, Words: announce.Words{"en": {Title: fmt.Sprint("Outage ", n)}, "de": {Title: "Ausfall", Text: strings.Repeat("<", announce.MaxWording)},
			"fr": {Title: "Panne", Text: strings.Repeat("<", announce.MaxWording)}}, Audience: []announce.Party{person("carl")}})
	}
	w.pass(24 * time.Hour)
	require.Len(t, w.told(), 60)
}
