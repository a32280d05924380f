// Package request is the practice of service request management: people order what the
// catalogue offers them, the order is approved and delivered, and they are told where it is.
//
//	Request → requested items → tasks
//
//	offer, err := catalog.Compile(nil, definition)
//	requests, err := request.NewService(desk, request.Config{Catalog: offer, Directory: people})
//	r, err := requests.Place(ctx, hanna, request.Order{For: "nina", Lines: []catalog.Line{{Bundle: "new starter", Answers: answers}}})
//	r, err = requests.Vote(ctx, bob, r.ID, "2", approval.Vote{Choice: approval.Approve})
//	r, err = requests.EndTask(ctx, agent, r.ID, "2.1", request.Done{State: request.TaskComplete})
//	fmt.Println(r.Quote(), r.Items[1].Stage())
//
// What can be ordered, by whom, and how it is delivered is data: see package catalog.
//
// # The way of a request
//
// A draft is saved and nothing runs. [Service.Submit], or [Service.Place] at once, checks
// and prices it by the version of the catalogue in force then, to which it is pinned. At
// the gate the approvals are asked that the catalogue demands: of each item, and of the
// request as a whole. As soon as an item is approved, and its date has come, its plan
// becomes tasks, while others still wait: one that is rejected does not stop the rest,
// unless [Config.AllOrNothing] says so. Tasks open when those they wait for are over.
// When all are, the item is, and when all items are, the request is fulfilled; it closes
// some business days later unless the requester reopens it.
//
// The lifecycle is data ([Model]): a host may have iTop's or Ivanti's instead of
// [DefaultModel].
//
// # What can be relied on
//
//   - Nothing is worked on that is not approved as it is. Approval fails closed: nobody to
//     ask blocks and is escalated. Whom it is for, whoever had a hand in the order, and
//     whoever acts for one of them never approve it. When the order changes, those are
//     asked again to whom it is not what they approved, and nobody else.
//   - Roll-up is one rule at both levels, see [RollUp], and follows what the parts are now:
//     what was incomplete, and is put right after a reopening, is complete.
//   - No task begins before those it waits for are over.
//   - Totals are sums of lines, in decimals and one currency; recurring totals are kept
//     apart by frequency.
//   - A program is asked once per attempt, by a [Job] with an id of its own; its answer
//     counts once, and a failure leaves the task open for people to see to.
//
// # One document
//
// A request, its items and their tasks are one document, of at most [MaxItems] items and
// [MaxTasks] tasks. So a vote that begins three items, or a task that ends a request, is
// one atomic commit of one record with one event, and reading where an order stands is one
// read; with records of their own for items and tasks (ServiceNow) each roll-up would lock
// or lose a race. The price is that two people who work on tasks of one request at the same
// instant make the desk decide one of the commands again, and that somebody's list of
// tasks is found by the indexes [IndexTaskGroup] and [IndexTaskOf] of requests. Work that
// needs a record of its own, such as an incident, is the child of a task: [Service.Observe]
// maps its states by a table. A child that is over before the turn of its task comes ends
// the task when it does; [Config].ChildState lets the request look for itself.
//
// # Service levels
//
// [Config.Targets] are promised of requests, the targets in the catalogue of the delivery
// of items; all pause and stop as they say. A request or a single item can wait for its
// requester or a third party: [Service.Hold], [Service.HoldItem]. An item that ends
// incomplete stops its clock as one that is delivered does; its outcome tells them apart.
//
// # What was taken from where
//
// ServiceNow: three levels with roll-up, order guides that cascade answers, user criteria
// where not available wins, recurring prices by frequency, requested for and opened by, the
// universal request. Complete and skipped parts together, which its documentation leaves
// open, are complete. Not taken: a cart that keeps the price of the day it was filled (here
// an order is priced when it is placed), and approval by an empty group.
//
// iTop: the tree of families, services and categories with their type, visibility through
// the customer's contract, the lifecycle of user requests. Not taken: that a request can be
// assigned around its approval, and resolved with work left.
//
// Ivanti: its states, with a draft that runs no workflow.
//
// Not adopted at all: discounts on bundles and exchange rates, as amounts that are not in
// the catalogue would not be explained by it (a surcharge may be negative); scripts in
// forms and plans, as data can be checked and scripts cannot; impact and urgency of
// requests, whose speed is promised by item.
package request
