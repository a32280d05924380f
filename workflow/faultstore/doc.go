// Package faultstore makes a store fail on purpose, so that a program can be
// shown to survive every failure of its database: before a call took effect,
// and after it did but before the answer came back.
//
// [Drive] runs a workflow once to see how many calls of the store it makes, and
// then again and again on fresh stores, with the first call failing, then the
// second, and so on to the last, each in every [Mode]. After each run a check
// looks at what is in the store:
//
//	open := func() workflow.Store { return memstore.New() }
//	run := func(s *faultstore.Store) error { ... } // the workflow, over s
//	check := func(r faultstore.Run) error { ... }  // the invariants, over r.Plain
//	calls, err := faultstore.Drive(open, run, check)
//
// What to check is the program's business. Three things are always worth it: the
// history verifies ([workflow.VerifyStore]); an error other than
// [workflow.ErrUnsure] has changed nothing; and a workflow whose commands carry
// keys ([workflow.Command].Key), run again from its beginning, ends as if
// nothing had failed.
package faultstore
