// Package snlog reads incident event logs in the columns of ServiceNow: one row
// for each update of an incident, as CSV, plain or gzipped.
//
// [NewReader] reads the header and maps columns by name, so their order does not
// matter and further columns are ignored; whatever required column is missing
// is named in one error. [Reader.Rows] streams rows; a row that cannot be read
// is an error of type [*RowError] which carries its line and every problem of
// the row, and the stream goes on. Any other error ends the stream: the file
// itself cannot be read. [Collect] groups the rows by incident and keeps the bad
// ones beside them, and [Log.Logged] counts what the log says of itself.
//
// # The log this package was written for
//
// The columns are those of the incident event log that Amaral, Fantinato and
// Peres published in 2018 (UCI Machine Learning Repository, CC BY 4.0): the
// audit of one company's ServiceNow instance, with 141,712 events of 24,918
// incidents, nearly all opened from March to May 2016. What a reader of it
// has to expect:
//
//   - Times are local wall clock to the minute, D/M/YYYY HH:MM, with no zone
//     given; a missing value is written "?".
//   - A third of the incidents are first seen when they are no longer New, and
//     40 % are never Active.
//   - One row in ten carries the minute of the row before it; one row goes back
//     in time.
//   - resolved_at is missing for 1,556 incidents, and where it is present it
//     stands on every row of the incident, from the first one on.
//   - Five rows have the state -100, which names no state at all.
//   - 1,135 Active rows have neither group nor assignee.
//   - reopen_count rises 331 times, twelve of them after Closed.
//   - made_sla is decided on the Closed row: 15,803 incidents met it, 9,115
//     missed it.
package snlog
