// Package major is about major incidents, apart from how they are stored: the states of
// an incident as a major one, the rules that propose it, who has which part in handling
// it, who is told what and how often, the timeline, the key figures, and the review
// afterwards with its report. The practice of incidents keeps a [Case] with each incident
// that was ever proposed, and carries out the commands.
//
// # The policy
//
// A [Policy] is data, in Go or as JSON. [Compile] reports everything that is wrong with
// it and returns a [Playbook]:
//
//   - Its rules propose an incident, or promote it at once, when all [Signs] of a rule are
//     there: priority, number of children, a critical service that suffers. The first rule
//     that holds counts; a rule that a decision has answered does not propose again.
//   - Its plan says by which communications people are told: audience, channel, recipients,
//     for which priorities, in which words, and at which pace, such as every 30 minutes until
//     mitigated and then every two hours, in elapsed time or by a calendar.
//
// Everything here is a function of what it is given: time comes in, nothing is sent.
//
// What is adopted of other products and what is not, and why, stands in package incident.
package major
