// Package incident is the practice of incident management: restoring service as
// quickly as possible, and keeping people informed while that happens.
//
// A [Service] carries out the commands that people and programs give:
// [Service.Open], [Service.Assign], [Service.Start], [Service.Hold],
// [Service.Comment], [Service.Resolve], [Service.Close], [Service.Reopen] and
// more. Each names its actor and is one commit of the incident, its event, its
// timers and its notices. Every incident goes through its lifecycle, which
// [Lifecycle] ships after ServiceNow's states and a host can extend as data.
//
// # Rules
//
//   - The priority follows from impact and urgency by a [Matrix]; setting it
//     against the matrix needs a reason, which stays visible.
//   - Waiting for the caller needs a public comment that asks him; his reply takes
//     the work up again.
//   - Resolving needs a code and notes. A resolved incident can be reopened, by
//     staff, its caller or who opened it; a closed one is never reopened, but
//     followed up.
//   - Children follow their parent into work, onto hold (for a change, a problem
//     or a vendor) and into resolution, and back when staff reopens the parent;
//     they are not closed or cancelled with it.
//   - Closing an incident closes its open tasks as incomplete, cancelling it skips
//     them.
//
// # What the configuration says
//
// With [Config.Assess], for example [FromConfiguration], the configuration items of
// an incident tell which services suffer, and the impact that follows. The suggestion
// is kept with the incident, with the way from the item to each service; an incident
// that is reported without an impact has the one suggested.
//
// # Service levels
//
// [Config.Targets] are started with each incident and follow its events; an
// incident's clocks can be read and explained at any instant. Timers for
// warnings, breaches and automatic closing are set with the incident: run a
// [workflow.Relay] and give it the Service as handler for [KindName].
package incident
