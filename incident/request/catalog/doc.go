// Package catalog is the service catalogue as data: what can be ordered, by whom, for
// how much, with which questions and approvals, and how it is delivered. It is pure.
//
//	Family → Service → Category → Item
//
// A [Definition] is one version of a catalogue, in Go or as JSON. [Compile] reports every
// fault of all versions at once and returns a [Catalog]; [Catalog.InForce] gives the
// version that holds at an instant. Requests keep the version they were ordered by
// ([Ref]), so editing a catalogue changes no request.
//
// # Who may order
//
// An item is there for a person when everything on the way to it is live, a [Contract] of
// his customer includes its service (if the catalogue is sold by contract), one of the
// criteria it is available for holds, and none of those it is not available for does: not
// available wins (ServiceNow's user criteria). Services and categories have criteria too,
// and all on the way count. [Version.Entitled] says everything that stands against it.
//
// # Forms
//
// The [Question]s of an item are custom fields with conditions: asked only if some earlier
// answer, or an attribute of the person, says so; mandatory always or on a condition.
// A hidden question has no answer. A condition looks at earlier questions alone, so a form
// never runs in circles.
//
// # Prices
//
// Amounts are decimals with a currency. An item has a one-off price, recurring prices with
// their frequency, and surcharges on conditions, such as for a larger disk. A [Quote]
// lists them line by line, and its totals are the sums of its lines. An item, a bundle and
// a request are in one currency: a cost threshold on a mixture would mean nothing.
//
// # Bundles
//
// A [Bundle] (ServiceNow: order guide) has questions of its own and an ordered list of
// rules. Every rule whose condition holds adds its item, and hands the bundle's answers on
// to it: those of the same name, those renamed in pass, and fixed ones in set. Items may be
// left out unless their rule is mandatory.
//
// # Looking at a catalogue
//
// [Version.Lint] finds what is valid and cannot work: tasks, questions and rules whose
// condition can never hold, items nobody can order, approvals nobody can give.
package catalog
