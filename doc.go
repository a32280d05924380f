// Package itsm is the map of a library for IT service management. It holds no
// code: import what you need from below it.
//
//   - [github.com/itsm-go/itsm/incident]: the practice of incident management.
//     Its packages major, request, survey and announce know major incidents, service
//     requests, what people thought of it, and how they are kept informed.
//   - [github.com/itsm-go/itsm/problem]: the practice of problem management; its packages
//     knownerror, rca and detect keep what is known, find causes, and find problems that
//     nobody has seen yet.
//   - [github.com/itsm-go/itsm/sla]: service levels: targets, clocks, agreements,
//     reports.
//   - [github.com/itsm-go/itsm/sla/calendar]: business time.
//   - [github.com/itsm-go/itsm/cmdb]: the configuration: items, relations, what a
//     failure means; its package reconcile brings many sources together.
//   - [github.com/itsm-go/itsm/cmdb/graph]: what stops working when something fails.
//   - [github.com/itsm-go/itsm/change]: the practice of change enablement; its packages
//     schedule, forward, risk, template, cab and report know windows and conflicts,
//     pictures of what comes, risks, standard changes, boards and figures.
//   - [github.com/itsm-go/itsm/workflow/approval]: who approves what.
//   - [github.com/itsm-go/itsm/workflow]: the kernel that every practice stands
//     on: lifecycles, records, history, the command path, the persistence port.
//   - [github.com/itsm-go/itsm/workflow/routing]: who gets the work; its packages oncall
//     and escalation know who is on call and whom to tell next.
//   - [github.com/itsm-go/itsm/workflow/projection]: read models from the event feed.
//   - [github.com/itsm-go/itsm/workflow/memstore]: the in-process store.
//   - [github.com/itsm-go/itsm/workflow/storetest]: the suite that proves a store.
//   - [github.com/itsm-go/itsm/workflow/faultstore]: a store that fails on purpose.
//   - [github.com/itsm-go/itsm/workflow/scenario]: stories that test a
//     configuration; package incidenttest has those of incidents.
//
// In modules of their own are the SQL stores (workflow/sqlstore), events for brokers
// (workflow/eventbus), telemetry (workflow/otel), a search engine for known errors (problem/knownerror/bleve), public
// holidays and iCalendar (sla/holidays), calendar feeds of changes (change/ical), the
// benchmarks beside other libraries (workflow/bench, sla/bench, cmdb/bench) and
// runnable programs (examples).
//
// Arrows only point down: calendar and graph use nothing but the standard library,
// the kernel may use the calendar, service levels use both, practices use all of
// them and never each other.
package itsm
