// Package storetest proves an implementation of [workflow.Store] and
// [workflow.Queue]. Its rules are the contract made executable: each has a name
// and a reason, runs on a fresh database, and sees nothing but the contract.
//
// An adapter's test is a few lines:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t testing.TB) storetest.Backend {
//			db := mystore.Open(t.TempDir())
//			return storetest.Backend{
//				Store:  func(tenant string) workflow.Store { return db.Tenant(tenant) },
//				Queue:  func(tenant string) workflow.Queue { return db.Tenant(tenant) },
//				Reopen: db.Reopen,
//				Close:  db.Close,
//			}
//		})
//	}
//
// No rule can be switched off by a capability: safety that is optional is safety
// nobody tests. Two parts a backend may not have at all, a queue (the host
// enqueues elsewhere) and data that outlives the process, and the log of the
// rules concerned says so. What a store may offer beside the contract
// ([workflow.Redactor], [workflow.Eraser], [workflow.Backlog]) is held to rules of
// its own where it is offered. To run one rule, name it as go test does:
// -run 'TestConformance/commit/all-or-nothing'.
//
// [Check] runs the same rules outside go test, [Bench] measures a backend, and
// [Linearizable] judges the [History] that a [Load] of concurrent reads and
// writes leaves. [NewWrite] builds valid writes by hand.
//
// The rules use a made-up time and made-up ids, the same in every run; only how
// goroutines interleave differs. They take no lock for granted, sleep nowhere
// and judge no duration. A deadlock shows as the time limit of go test.
package storetest
