// Package risk assesses how risky a change is, and explains why.
//
//	c := risk.Starter()          // or risk.Parse, from JSON
//	a, err := risk.New(c)        // everything that is wrong with it is told at once
//	asked, err := a.Questions(facts)
//	result, err := a.Assess(risk.Input{Facts: facts, Answers: answers, Effects: effects})
//	fmt.Println(result.Level)    // high
//	fmt.Print(result)            // and why, line by line
//
// # Four methods
//
// Each is optional. The highest level that any of them gives counts, and what each
// of them gives is kept ([Assessment.Contributions]).
//
//   - A [Questionnaire] adds up the answers of people, by weight, and compares the
//     sum with thresholds.
//   - A list of [Rule] looks at the facts of the change; the first that matches
//     counts.
//   - An [ImpactModel] looks at what the change would affect if it went wrong.
//   - A [HistoryModel] looks at how similar changes went, and looks the risk up by
//     probability of failure and impact.
//
// # A worked example
//
// A change that was tested in part (2, of weight 2), that is backed out with some
// effort (2, of weight 2), that users notice when it was agreed (1, of weight 2),
// of a team that has done it once (1) and needs one more team (1) scores
// 4 + 4 + 2 + 1 + 1 = 12. That is greater than 7 and not than 14: moderate.
//
// It would take down a critical service: high. Its team has made 20 such changes,
// of which one failed and one had issues: 18 x 3 - 5 - 2 = 47 of 60 that were
// possible, 78 %. That is less than 85 % and not less than 60 %, so the probability
// of failure is medium; with a high impact the risk is high. No rule matches.
//
// The highest counts: the risk is high. The example of the package runs it.
//
// # Nothing is taken as harmless because it is not known
//
// A question without an answer, effects that nobody has looked up, or a fact that
// should be a number and is not, are errors, all of them told at once, and there
// is no assessment. Few similar changes are no proof of success. [Unassessed] is
// not [Low].
//
// A configuration that holds something without effect is refused: a rule that an
// earlier one hides, tests that exclude each other, a level that no answers reach,
// answers that reach no level, a step below its predecessor, a table in which more
// impact means less risk.
//
// Nothing here reads the time or does I/O. Every error matches [ErrInvalid]. An
// [Assessor] is immutable and safe for concurrent use; the other values are plain
// data.
package risk
