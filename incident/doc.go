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
//     they are not closed or cancelled with it. Families of thousands follow in
//     commits of their own, see [Cascade].
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
// # Major incidents
//
// Beside its own state an incident is none, proposed, accepted, rejected or cancelled
// as a major one. [Config.Major] is the policy, as data: see package major.
//
//   - Staff proposes, with a reason and the impact on the business
//     ([Service.ProposeMajor]); managers of major incidents accept, reject, demote or
//     promote at once. What rejects or demotes it leaves the incident as it is. Rules
//     propose or promote by themselves, but no rule twice what was decided on.
//   - An accepted one has a manager, a lead of communications, a scribe and resolvers
//     ([Service.TakeRole]) and a conference; updates are owed at the pace of the plan
//     and sent with [Service.PostUpdate]; who does not send one is reminded, and then
//     the [Ladder] is climbed, which may be one of an escalation policy ([FromLadder]).
//   - Its manager alone closes it, and with that everybody's part in it ends. It is never
//     closed by itself, and no caller resolves, closes or reopens it.
//   - [Service.Timeline] and [Service.MajorReport] are made from the history; the review
//     ([Service.WriteReview]) is finished when its actions are.
//
// # Assignment
//
// [Config.Rules] assign what is opened to a group and perhaps to a person, by skills,
// working times, loads and turns, and explain themselves in a work note;
// [Config.OnCall] tells who is on call, for example by rotas ([FromRotas]).
// [Config.Monitors] tell people that nobody takes care of an incident, and
// [Service.Hops] gives the history in which ping-pong is found.
//
// # Service levels
//
// [Config.Targets] are started with each incident and follow its events; an
// incident's clocks can be read and explained at any instant.
//
// # The relay
//
// Warnings, breaches, automatic closing, updates that are owed, actions that are due
// and inactivity are timers; a large family follows by messages. Run a [workflow.Relay] and give it the
// Service for both:
//
//	workflow.Mux{
//		Timers: map[string]workflow.Handler{incident.KindName: incidents},
//		Topics: map[string]workflow.Handler{incident.TopicCascade: incidents},
//		Other:  mail, // every other topic is for people, see the Topic constants
//	}
//
// # What other products do
//
// Adopted:
//
//   - ServiceNow: the states, and which of them are the end; reasons for being on hold,
//     with the comment that asks the caller and the reply that resumes; impact and urgency
//     giving the priority by a table; resolution code and notes; reopening from Resolved
//     alone, by staff, caller or opener, with count, time and person; the follow-up of a
//     closed one with a configured list of fields; closing after a number of days; what
//     children follow and what not; the end of tasks; the channels; the copy of attributes into a
//     problem, with links both ways ([Service.OpenRelated]); all of major incidents: states,
//     guards, rules that ship inactive, promoting the candidate or opening a new incident above
//     it, who is assigned, the old group that is told, blind copies, sections of the report,
//     "time to identify", and the cascade of the resolution.
//   - iTop: the time of assignment, and children that are resolved with their parent; configuration
//     items that are listed by hand, computed or found unharmed, of which recomputing replaces
//     the computed ones alone; known errors, problems and changes as links.
//   - GLPI: the 5×5 matrix; who may take which step is data, by role ([workflow.Transition]).
//   - Ivanti: one may go from waiting for one thing to waiting for another, and resolve from there.
//   - BMC: a status change may need a reason, which stays in the history; a note of each change is
//     the event itself.
//   - Freshservice: whether a custom state lets service levels run follows from its category.
//   - Zammad, OTRS and GLPI: merging a duplicate, which ends it and hands its people over.
//   - bk-itsm: what each state means (new, active, on hold, over) is part of the definition.
//
// Not adopted, and why:
//
//   - ServiceNow counts the days until closing from the last update, if told to: a job that
//     touches the record then keeps it open for ever. The time of resolution counts. Its property
//     that switches the end of tasks off would leave work open on what is closed.
//   - iTop makes the breach of a service level a state of the incident: states say who acts, clocks
//     say how late it is, and an incident can be late in any state. It resolves from every state by
//     itself ("autoresolve"): a host that wants it adds the action. It has no state for what
//     was none: we do. The labels of its matrix contradict its rows; a [Matrix] of one's own holds any table.
//   - GLPI lets everybody set the priority so that it contradicts impact and urgency: here that
//     needs a reason. It can mask single levels: a matrix has the levels it lists.
//   - BMC adds weights and cuts the sum into ranges, which a nudge of the weight may cross unseen,
//     and bk-itsm multiplies: the table that comes of it is a [Matrix], and shows.
//   - Zammad drops every deadline in states that are not new or open, so a pause loses what was used:
//     here a clock pauses, and is explained. Its pending close is [Config.AutoClose], after resolution.
//   - bk-itsm keeps suspended, terminated and revoked beside each other: on hold, closed and
//     cancelled are one each, and a host adds states by [workflow.Extend].
//   - Freshservice lets any state follow any other, and a reply reopen what is closed: a closed
//     incident is evidence, so the reply opens a follow-up.
//   - Freshservice and ServiceNow close the plan of communication with the incident, if told to: here
//     the last update is owed at the resolution, and with it nothing more.
//   - The timed tasks of ServiceNow's communication plan are timers of the incident here, not
//     records to be assigned and closed.
package incident
