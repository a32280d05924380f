// Package incidenttest plays stories about incidents, written as text, against a
// program's own configuration: its lifecycle, its matrix, its service levels. See
// package scenario for how a story is written.
//
//	var update = flag.Bool("update", false, "rewrite the stories")
//
//	func TestStories(t *testing.T) {
//		scenario.Run(t, "testdata/*.txt", *update, func(t testing.TB) *scenario.World {
//			w, _, err := incidenttest.NewWorld(incident.Config{Targets: ourTargets()}, scenario.Config{})
//			if err != nil {
//				t.Fatal(err)
//			}
//			return w
//		})
//	}
//
// The commands of a story are those of [incident.Service]:
//
//	open "Mail is down" by=ann caller=carl impact=high urgency=low
//	assign INC0000001 by=ann group="mail team" person=ben
//	hold INC0000001 by=ben reason=awaiting_caller "Which browser?"
//
//	major-promote INC0000001 by=ann impact="The shops take cash only." "nobody can pay"
//	major-update INC0000001 by=ann status=identified "The bank is down."
//
// Each prints the incident as it is afterwards, with its clocks. The commands
// show, options, explain, history and find look without changing anything.
package incidenttest
