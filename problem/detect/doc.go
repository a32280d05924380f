// Package detect finds problems that nobody has reported yet: incidents that are unusual
// against their own past, proposed as problems with the evidence. It is a function of
// the incidents it is given: it reads no clock and no records, and the order of the
// incidents does not matter.
//
//	d, err := detect.New(detect.Config{Zone: "Europe/Berlin"})
//	day, err := d.Run(yesterday, incidents, known...) // every night
//	for _, p := range day.Proposals {
//		fmt.Println(p.Evidence)
//	}
//
// [Detector.Run] looks at the end of one day, as a job does every night; the host hands
// over which problems it has already, and they are updated instead of opened again.
// [Detector.Scan] goes through a whole log as if it had been run on every evening.
//
// # What is looked at
//
// Every attribute of the incidents (configuration item, category, site, whatever the host
// names), every pair of attributes, and the words of titles. The latest day, week and
// four weeks are compared with the time before them, up to half a year; and on Sundays
// the weeks of that half year are looked at for slow growth.
//
// # What is unusual
//
// A cluster: of the n incidents in the window, k have a key that K of all N have. If time
// told nothing, the n would be drawn blindly from the N, and k would follow the
// hypergeometric distribution: Fisher's exact test, on one side. It goes by shares, so a
// holiday, a Monday or the growth of the whole desk makes nothing unusual.
//
// A trend: the incidents of a key lie later than blindly drawn ones would. The statistic
// is the sum of the numbers of their weeks, the score test of a Poisson regression with
// the total volume as exposure; its chance is bounded from above by Chernoff's method,
// which holds for draws without replacement (Hoeffding 1963), at any size.
//
// # How often it is wrong
//
// On a log in which time tells nothing, anything at all is proposed by a year of nightly
// runs with a chance of at most [Config].Level, 5 % unless configured: the family of all
// keys, windows and days is held to it (Bonferroni), divided among those tests only that
// could be sure enough at all (Tarone 1990). Nothing is assumed of how keys depend on each
// other. The share of wrong proposals among all (a false discovery rate) is not what is
// held: that would let more wrong ones pass the more right ones there are, it needs all
// days before it can judge the first, and each proposal costs somebody's morning. Where
// some keys truly change, the shares of the others change with them: a flood makes all
// else rarer, which proposes nothing, and its end makes all else a little more common.
// The tests of the package shuffle the times of a log with bursts in it: of 240
// shuffled logs none led to a proposal with the defaults, and 2 with every guard taken
// away, which at 95 % refutes a rate above 1.3 % and 2.6 %.
//
// Such sureness says that time matters, not that there is a problem. So a proposal must
// also be large enough, and unusual against its own past: at least twice what was
// expected, three standard deviations of the key's own past windows above it (which is
// more where a key always comes in bursts), and more than nine in ten of them had.
//
// # What it finds
//
// Planted among 25 incidents a day (31 on a working day), in 40 logs each, and looked for
// on the evening of the last of these days, a Wednesday, with 94 days of log:
//
//	in      usual a week   planted   found        in       usual a week   planted   found
//	1 day   0                 4        0          7 days   2                 16      26
//	1 day   0                 5       40          7 days   2                 24      40
//	1 day   2                 6        0          7 days   10                20       0
//	1 day   2                 8       16          7 days   10                40      40
//	1 day   2                12       40          28 days  2                 24       0
//	7 days  0                 6        0          28 days  2                 40      37
//	7 days  0                10       40          28 days  10                60       2
//	7 days  2                10        0          28 days  10                90      34
//
// A desk that would rather see more and be wrong more often raises Level, or lowers
// Horizon to the days for which it wants to be sure: with 1, each evening by itself.
//
// # One happening, one proposal
//
// An outage shows in the item, its category, its site and their pairs at once. The surest
// is told first, by the most specific key that explains it; then everything else is
// tested again without its incidents, and what no longer stands is told as the same.
//
// # Pareto
//
// [NewPareto] says which few values of a dimension make up most of the incidents, of
// their cost or of their downtime, as a table and as a picture.
//
// # What other products do
//
// Adopted: ServiceNow's proposals of problems from clusters of similar incidents, with
// the incidents attached. Not adopted: learned similarity, because nobody can say what it
// rests on or how often it is wrong; a host may cluster as it likes and give the cluster as
// an attribute.
package detect
