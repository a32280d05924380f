// Package change is the practice of change enablement: letting changes happen that
// are worth their risk, and none that nobody has approved.
//
//	changes, err := change.NewService(desk, change.Config{Directory: people, Conflicts: …})
//	c, err := changes.Propose(ctx, ann, change.Proposal{Model: "normal", Title: "Upgrade the database", …})
//	c, err = changes.Submit(ctx, ann, c.ID)                       // asks for approval
//	c, err = changes.Vote(ctx, bob, c.ID, approval.Vote{Choice: approval.Approve})
//	c, err = changes.Implement(ctx, dan, c.ID)
//
// # Models
//
// A [Model] says how changes of one sort are made: a lifecycle, and an approval policy
// for each of its gates. [Models] ships ServiceNow's three, and one for work that could
// not wait:
//
//	standard       new → scheduled → implement → review → closed
//	normal         new → assess → authorize → scheduled → implement → review → closed
//	emergency      new → authorize → scheduled → implement → review → closed
//	retrospective  new → authorize → review → closed
//
// A standard change is made from a [Template] that was approved, whose locked fields
// nobody edits: package template keeps them, and withdraws those that fail too often.
// Without one there is no standard change.
//
// A gate is left by itself when its approval is decided: onwards, or back to new when
// it is rejected, from where the change can be submitted again, or become one of
// another model.
//
// # What can be relied on
//
//   - No state in which a change is implemented is reached without every approval that
//     its model demands, whatever the guards of its lifecycle are, and whoever asks.
//   - The approval is for the change as it was put to the approvers. If what is material
//     changes, or if somebody who has voted becomes its implementer, they are asked
//     again; once the work has begun, such an edit is refused.
//   - The requester, who opened it, and who implements it or one of its tasks, do not
//     decide, nor does who acts for one of them: see package approval.
//   - Conflicts with other changes, blackouts and maintenance windows are no remark but
//     a guard of the shipped lifecycles. Somebody named by [Config.MayExcept], who is
//     not part of the change, can grant an exception from a blackout.
//   - On hold is no state: approvals are suspended, tasks are held, and the change can
//     only be released or cancelled. Tasks that were held by hand keep their hold.
//   - A change is not closed while a task is open, nor without its review.
//
// # Risk
//
// With [Config.Risk] nobody submits a change whose risk is not assessed, see package
// risk: by the answers of its [Proposal], by its own facts, and by what
// [Config.RiskInput] knows, such as the effects that the configuration tells and
// [Service.History]. People can state a higher risk, and no lower one. A risk that
// rises is put to the approvers again.
//
// # What was done before it was approved
//
// [Service.Report] records it and asks for its approval in one commit. Such a change
// cannot be cancelled, nor closed before somebody has decided; the decision has a
// deadline, reminders and an escalation, and silence decides nothing. [Service.Observe]
// holds what discovery has noticed against the changes that were under way, and records
// as unauthorized what nobody had said.
//
// # The configuration
//
// [FromConfiguration] looks up what changes need of package cmdb: for the schedule the
// items near those that are changed and the services on them, for the risk what would
// fail with them. [Service.Configure] applies what was proposed for the configuration
// when a change is closed, and withdraws it when it is backed out or cancelled.
// [Service.UnderChange] tells monitoring what is being worked on.
//
// # Conflicts
//
// [Config.Conflicts] is asked when the work is to begin, of a schedule that the host keeps
// with [Service.Keep] as changes are committed, and with [Service.Fill] when it starts. Two
// changes that are submitted at once are both planned, and whichever begins is refused
// until one of them is moved.
//
// # Incidents
//
// [Service.Suspects] lists the changes that may have caused an incident, with reasons,
// and [Service.NoteCaused] writes down that one has. [Service.Cases] makes the figures of
// package report, [Service.Entry] the bars of package forward.
//
// # Where it differs from other products
//
//   - A change without an approver, or without a policy for it, is blocked; with
//     ServiceNow it is approved, and Remedy skips the phase.
//   - Reverting to new is possible from assess and from authorize in every model.
//   - The beginning of the work is a step that somebody takes, and is not taken by the
//     clock.
//   - A conflict is a guard; with ServiceNow and Freshservice it is a remark.
//   - Nobody overrules the vote; Freshservice lets the change manager. Who may is put
//     into the policy, with a weight or a veto.
//   - An unauthorized change is not approved straight into review: it has the same
//     retrospective approval, with a deadline, as any other work that was done before.
//   - A window is in a zone, and never "floating" with the zone of whoever looks: a
//     guard must give one answer to everybody.
//   - The lifecycles of iTop, OTOBO and other products can be configured as models, and
//     are not shipped. Where they let work begin without the approval that they ask for
//     elsewhere, as OTOBO's does from requested, it is refused here: that takes a model
//     without that gate.
package change
