// Command bench measures compiled lifecycles beside other state machine
// libraries, in one run, and prints how many times longer each takes:
//
//	go run ./workflow/bench
//
// All contestants take the same seeded walk of 4,096 steps through a lifecycle
// of six states and eleven transitions. One of them has a guard, one state has
// something to do on entry, and every state that results is checked. The
// machine itself is made before the clock starts and used for all steps; going
// back to the first state after the last is on the clock. Rounds are
// interleaved, so that a machine that gets slower does so for everybody, and
// medians are printed. Roles are checked in the rows of this module only: the
// others do not know them.
//
// The rows also run one by one: go test -bench . in this folder.
package main
