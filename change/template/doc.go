// Package template keeps the templates of standard changes: who approved them, in
// which version, and whether they still hold.
//
//	templates, err := template.New(desk, template.Config{Policy: policy, Directory: people})
//	t, err := templates.Draft(ctx, ann, template.Content{Template: change.Template{Name: "certificates", …}})
//	t, err = templates.Submit(ctx, ann, "certificates")   // asks for approval
//	t, err = templates.Vote(ctx, mia, "certificates", approval.Vote{Choice: approval.Approve})
//
//	changes, err := change.NewService(desk, change.Config{Templates: templates.InForce, …})
//	c, err := changes.Propose(ctx, dan, change.Proposal{Model: "standard", Template: "certificates", …})
//
// # Life
//
//	draft → submitted → approved → retired
//	          ↓ rejected: draft       ↓ withdrawn → draft
//
// A template that is approved is in force. [Service.Revise] drafts its next version,
// while the one in force stays so until the next is approved: a change names the version
// it was made from. What was approved is never edited.
//
// # Failures
//
// [Service.Note] is told how a change that was made from the template went. After so
// many failures among the last changes, as the template itself says, it is withdrawn by
// itself, and people are told (ServiceNow leaves that to somebody's attention). Changes
// that were made from it are not implemented then. It comes back with a new version, and
// a new approval.
//
// # Who decides
//
// One policy of package approval, for all templates. Who drafted a template, or edited or
// submitted it, does not approve it.
package template
