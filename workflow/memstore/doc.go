// Package memstore is the in-process [workflow.Store] and [workflow.Queue]: the
// default for tests, examples, simulations and programs that keep their records
// elsewhere. It stands on the standard library alone and passes the whole suite
// of package storetest, so a program may begin here and move to a database
// without a change of behaviour.
//
// [New] makes an empty database and returns the handle of its default tenant;
// [Store.Tenant] gives the handle of another one:
//
//	store := memstore.New()
//	acme := store.Tenant("acme")
//
// # What it promises
//
// Reads see no half of a batch. A page of [Store.Find] is read at one instant,
// and nothing is held while the loop runs. Indexes are ordered sets, so a query
// costs what it touches: the records of its most selective condition or, when
// that is cheaper, the places it walks in the wanted order. [Store.Claim] costs
// what is due, not what exists. Everything that crosses the boundary is copied,
// except the body of a document, which is immutable.
//
// The data lives and dies with the process, and takes memory for every event
// ever committed. All methods are safe for concurrent use; writers of one
// tenant take turns, tenants do not wait for each other.
package memstore
