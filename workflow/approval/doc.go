// Package approval decides whether something is approved: a change, a request, an
// exception. It is pure: it has no clock, no store and no directory, and what it
// returns is a value that the host keeps.
//
//	policy := approval.Policy{Name: "normal-change", Version: 1, Stages: []approval.Stage{
//		{Name: "technical", Ask: []approval.Selector{{Kind: approval.Group, Name: "dba"}}, Approve: approval.Rule{Kind: approval.Any}},
//		{Name: "board", Ask: []approval.Selector{{Kind: approval.Board, Name: "cab"}},
//			Approve: approval.Rule{Kind: approval.Majority}, Quorum: 3},
//	}}
//	r, err := approval.Open(policy, approval.Case{Excluded: []approval.Exclusion{{Person: "ann", Why: "requester"}}}, host, now)
//	r, err = r.Vote(approval.Vote{By: "bob", Choice: approval.Approve}, host, nil, now)
//	if r.Granted() { … }
//
// # Policies
//
// A [Policy] is data. All its stages whose condition the facts meet apply, one after
// the other. A [Stage] names the people to ask by [Selector], and has a [Rule] for
// approval and one for rejection, which any rejection meets unless it says otherwise.
// Beside the rules there are mandatory members and vetoes, a quorum, signatures, and
// a [Deadline] with an outcome that is always written down.
//
// # What can be relied on
//
//   - It fails closed. No stage that applies, nobody to ask, too few people left for
//     the rule: the request is [Blocked], and says why at once. Nothing is approved
//     because nobody was there, and by silence only if the policy says so and names
//     who is accountable. ServiceNow lets a request without approvers through.
//   - Separation of duties: people who are excluded from a case, such as its requester
//     and its implementer, do not decide, nor does anybody to whom one of them has
//     delegated, over however many delegations, even if the quorum cannot be reached
//     then.
//   - One person is one vote: named by several selectors, or voting for others by
//     delegation, somebody is counted once. An example: of ann and bob two have to
//     approve. If ann has delegated to bob, his vote stands for both seats, and is still
//     one. The stage waits for ann.
//   - Votes may change until their stage is decided, and the order in which those that
//     stand were cast does not matter. Who votes for himself takes his vote back from
//     his delegate.
//   - What was approved is kept as a [Digest]. [Request.Check] tells when the record is
//     not that any more, or when a voter has become part of it; [Request.Reset] asks
//     again, and no vote is taken along.
//   - A command that is refused has changed nothing; the error is a [*RefusalError]
//     that names the rule and who could have decided.
//
// # How votes are counted
//
// People who are asked and did not recuse themselves are the electorate. Who abstains
// belongs to it, on neither side. Of five people, all able to vote:
//
//	rule         approvals needed
//	any          1
//	majority     3
//	percent 60   3
//	percent 50   3, rounded up; "nearest" 3, "down" 2
//	count 2      2
//	all          5
//	weight 7     as many as weigh 7 together
//
// A stage is rejected when its rule for rejections is met, by a veto, or when
// everybody has voted and approval was not reached: until then somebody could still
// change his mind. GLPI ends a vote that can no longer be won; a policy that wants that
// gives a rule for rejections.
//
// A meeting does not wait for those who are absent: [Request.Close] ends the vote of
// a stage that has a quorum, and those who have voted are then the electorate.
//
// # Looking at policies
//
// [Lint] finds gaps, stages that never apply or repeat an earlier one, and what can
// never be approved by the people there are.
package approval
