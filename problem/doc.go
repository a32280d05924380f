// Package problem is the practice of problem management: finding what is behind
// incidents, and having it removed, or lived with knowingly.
//
//	problems, err := problem.NewService(desk, problem.Config{Incidents: resolver})
//	p, err := problems.Open(ctx, ann, problem.Report{Title: "Mail stops every Monday", Assignee: "bob", Incidents: ids})
//	p, err = problems.Assess(ctx, bob, p.ID, "")
//	p, err = problems.Confirm(ctx, bob, p.ID, "")
//	p, err = problems.SetWorkaround(ctx, bob, p.ID, "Restart the queue")
//	p, err = problems.CommunicateWorkaround(ctx, bob, p.ID)
//	p, err = problems.ConfirmCause(ctx, bob, p.ID, problem.Finding{Text: "The log fills the disk", Evidence: "df on Monday"})
//	p, err = problems.Fix(ctx, bob, p.ID, "Rotate the log")
//	p, err = problems.Resolve(ctx, bob, p.ID, "The log is rotated daily")
//	p, err = problems.Complete(ctx, bob, p.ID, "")
//
// # The life of a problem
//
//	new → assess → root cause analysis → fix in progress → resolved → closed
//
// is ServiceNow's lifecycle, as data: see [Lifecycle] and [Options]. From most of its
// states a problem can also end because its risk is accepted, because it is the
// duplicate of another, or because it was none. [Service.Reanalyse] takes it up again.
//
// # What can be relied on
//
//   - No fix is applied to a problem whose cause is not confirmed, with evidence, or
//     for which nobody has stated an exception; whatever lifecycle the host configures.
//   - When a problem has ended so have its tasks, and it takes no more.
//   - A risk is accepted by somebody, for a reason, and until a date at which people
//     are reminded.
//   - A major problem is not closed without its review, unless it is a duplicate, and not
//     moved on without a work note.
//   - An incident belongs to one problem at a time. Marking a duplicate loses none.
//
// # Incidents
//
// A problem knows incidents by their ids. It reaches them through an
// [IncidentResolver], which the host makes from its practice of incidents, with
// messages that a [workflow.Relay] gives to [Service.Handle]:
//
//	workflow.Mux{
//		Timers: map[string]workflow.Handler{problem.KindName: problems},
//		Topics: map[string]workflow.Handler{problem.TopicInform: problems, problem.TopicMove: problems},
//		Other:  …, // notices to people
//	}
//
// The practice of incidents opens problems by [Service.OpenFrom], which takes over what
// is copied of an incident, and links both. The example there wires the two practices.
//
// Thousands of incidents are reached some at a time. What fails is tried again, what
// was done is not done twice, and none of it changes what was decided about the
// problem.
//
// # The analysis
//
// [Service.SaveAnalysis] keeps a document of package rca by version: five whys, cause
// and effect, a fault tree, a timeline, each of which draws itself. [FindingOf] turns
// what it has confirmed into what [Service.ConfirmCause] takes.
//
// # No service level
//
// There is no clock over the whole problem, as an analysis takes as long as it takes.
// [Config.Inactivity] tells people when nobody works on one.
//
// Package knownerror keeps what is learnt for the next incident.
//
// # What other products do
//
// Adopted: all of ServiceNow's states and actions, the roles to re-analyse by origin, what
// a duplicate hands over, tasks that end with their problem, word to incidents, fixes that
// are followed until all are done, the review of a major problem, and its advice against a
// service level; iTop's and Ivanti's lifecycles run as data.
//
// Not adopted: ServiceNow's option to add tasks to a problem that is closed, as nobody
// would look for them; on-call escalations that a communicated workaround stops, which a
// host does in its [IncidentResolver]; a known error as a state of the problem (ServiceNow
// of old), as what is known outlives the problem: see package knownerror.
package problem
