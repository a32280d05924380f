package announce_test

import (
	"testing"

	"github.com/itsm-go/itsm/incident/announce"
)

// One outage told to 10,000 people, from the report to the last message.
func BenchmarkTellTenThousand(b *testing.B) {
	w := newWorld(b)
	w.everyone(10_000)
	for b.Loop() {
		w.report(outage(mail))
		if _, err := w.relay.Drain(ctx); err != nil {
			b.Fatal(err)
		}
		w.letters = nil
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/10_000, "µs/person")
}

// An update to 10,000 people who were told before, and the all-clear to them.
func BenchmarkUpdateTenThousand(b *testing.B) {
	w := newWorld(b)
	w.everyone(10_000)
	bulletin := w.report(outage(mail))
	if _, err := w.relay.Drain(ctx); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w.must(w.Update(ctx, mia, bulletin.ID, announce.News{Words: words("News")}))
		if _, err := w.relay.Drain(ctx); err != nil {
			b.Fatal(err)
		}
		w.letters = nil
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/10_000, "µs/person")
}

// The command itself does not depend on how many are touched.
func BenchmarkReport(b *testing.B) {
	w := newWorld(b)
	w.everyone(10_000)
	r := outage(mail)
	for b.Loop() {
		w.report(r)
	}
}

func BenchmarkActive(b *testing.B) {
	w := newWorld(b)
	for range 50 {
		a, err := w.Draft(ctx, edi, announce.Draft{Kind: announce.Information, Priority: 3, Words: words("x"), Audience: []announce.Party{group("sales")}, From: monday, Until: monday.AddDate(1, 0, 0)})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Release(ctx, edi, a.ID); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if list, err := w.Active(ctx, "carl", monday); err != nil || len(list) != 50 {
			b.Fatal(err, len(list))
		}
	}
}
