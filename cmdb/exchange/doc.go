// Package exchange brings configuration data in and out: CSV files of items and
// relations, JSON lines, and exports of ServiceNow's tables.
//
//	rows := exchange.ReadCSV(inv.Model(), exchange.Mapping{Source: "assets", Key: "Asset", ItemClass: cmdb.ClassServer}, items, relations)
//	report, err := exchange.Import(ctx, reconciler, actor, rows, exchange.Options{})
//
// # In
//
// A reader yields [Rows]: payloads for reconciliation, each with its line. [ReadCSV]
// reads spreadsheets by a [Mapping] of their columns, [ReadJSONL] what programs say,
// [ReadServiceNow] the tables cmdb_ci and cmdb_rel_ci by a translation that the host
// can change. Items are streamed; relations are kept in memory, for they come in with
// the item that they begin at.
//
// [Import] gives them to a reconciler in batches, and answers with a [Report]. A line
// that is wrong is told with all that is wrong with it, by column, and does not hold
// the others up:
//
//	cmdb: items line 7: invalid: column cpus: "many" is not a number such as 2.5
//	column city: class server has no such attribute
//
// Reconciliation sees to it that importing a file again, or after it was cut short,
// does no harm.
//
// # Out
//
// [Payloads] says what a snapshot says, as the word of a source. [WriteItems] with
// [WriteRelations], [WriteJSONL] and [WriteServiceNow] write payloads so that the
// reader of the same name reads the same. They write what was read as well, so one
// format can be made of another. What comes first stays first: the same payloads make
// the same file.
//
// # Which way a relation leads
//
// A relation of this library begins at the item of which there are many. In a file of
// relations a type may stand there under the name of its other end, and then it is
// turned round: "rack,db-01,contains" is "db-01,rack,contained_in".
//
// ServiceNow calls the ends parent and child, and writes a type as what the one is to
// the other and back, "Depends on::Used by". What that means for our types:
//
//	type                     ours begins at the
//	Depends on::Used by      parent   depends_on
//	Runs on::Runs            parent   runs_on
//	Hosted on::Hosts         parent   hosted_on
//	Contains::Contained by   child    contained_in
//	Members::Member of       child    member_of: the parent is the cluster
//	Connects to::Connected by parent  connects_to
//	Located in::Houses       parent   located_at
//	Managed by::Manages      parent   managed_by
//	Owned by::Owns           parent   owned_by
//	Uses::Used by            parent   uses
//
// The same from the other side, "Used by::Depends on", is turned round. [StarterServiceNow]
// has the whole list.
//
// # What one can rely on
//
// Readers never change anything outside of what they return, know no clock, and read
// whatever they are given without a panic. All text is UTF-8. Space around a cell
// does not count, and the ends of lines within a cell are "\n". In values of a
// reference, a file holds "ci/" and an item's id, or what the host's [Mapping.Refer]
// understands.
package exchange
