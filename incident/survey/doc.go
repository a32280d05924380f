// Package survey asks people how satisfied they are once a record is closed, keeps what
// they answer, and counts it.
//
//	surveys, err := survey.NewService(desk, survey.Config{Surveys: []survey.Definition{csat},
//		PersonCap: &survey.PersonCap{Most: 2, Within: survey.Duration(30 * 24 * time.Hour)}})
//	result, err := surveys.Occurred(ctx, survey.Event{Record: ref, On: "closed", At: closedAt, ...})
//	inv, err := surveys.Answer(ctx, carl, id, survey.Answers{"overall": "4"})
//	sheets, err := surveys.Sheets(ctx, "csat", from, until)
//	groups, err := csat.Satisfaction("overall", sheets, survey.Cut{By: survey.ByMonth, Least: 5})
//
// The package knows no practice. The host tells it of records in an [Event]: of incidents,
// requests, changes; the example of [Service.Occurred] shows the wiring.
//
// # Surveys
//
// A [Definition] is data, in Go or as JSON. [Compile] reports everything that is wrong with
// it. Its questions are ratings, NPS, yes or no, one of several options, or free words; a
// question can depend on the answer to an earlier one. Its trigger says on what occasion of
// which records whom it asks; its sampling on what share of them: a hash of the record
// decides, so the same record always gives the same. Invitations keep the version of the
// survey that they were made by.
//
// # Invitations
//
// An [Invitation] is a record: due, sent, and then answered, expired, declined, or cancelled
// because its record was reopened. What falls into a quiet period, or outside of the hours,
// waits. Only the person who was invited answers, once, until the survey expires; editing
// until then is an option. Nobody answers on behalf of another.
//
// On one record a survey asks a person once, until the record is reopened: the same event
// twice, or the resolution and then the closing, invite once.
//
// # Caps
//
// No person is sent more invitations than the caps allow, of one survey and of all together,
// in any period of the cap's length. Every command that plans or sends an invitation writes a
// document of that person, so that two records that close at once are decided one after the
// other. A place is taken when an invitation is planned and checked again when it is sent, as
// a relay that was late could have moved two together. Who is not asked because of a cap has
// an invitation in state skipped that says why.
//
// # Anonymous surveys
//
// The invitation says that somebody has answered, and not what. The answers are a [Response],
// made by a command of the system, under an id and a key that lead back to nothing, with the
// day as its time and without person and record. What remains: the store's feed has the
// order in which things happened, and the message with the answers is in the outbox until the
// relay has taken it. Who reads both, while few answer, can guess; give nobody the store who
// must not. Facts that a survey keeps, and free words, can tell a person too: keep few, and
// set [Cut].Least.
//
// # Figures
//
// Everything is counted in whole numbers and divided as decimals, rounded once. [CSAT] is the
// share of the two best ratings, with its scale, and the average; [NetPromoter] promoters less
// detractors; [ResponseRate] answers in what was sent. Shares have Wilson's interval, the net
// promoter score that of the multinomial variance, which is empty when all answer alike. A
// [Cut] breaks them down by day, month or fact, and hides groups that are too small to show;
// [Trend] tells which changes are more than chance.
//
// # What is taken from which product
//
//   - ServiceNow: surveys on an event, to the caller or the assignee, always or on a share,
//     with an expiry; the average by day. Its share is random; here a hash decides, so that
//     replaying asks the same people.
//   - GLPI: the rate by entity, the delay after closing, the most in a period, surveys of
//     changes as well.
//   - iTop and bk-itsm: the score on the record itself, with [Service.AnswerOnRecord]. iTop's
//     scale has 1 for the best: [Question].LowIsBest.
//   - Not taken: links with a token for people without an account, as whoever has the link
//     would be the person; the host tells who the actor is. Questions with several options at
//     once, matrices and uploads: products of their own do that. Scores by weighting several
//     questions, as nobody can say what such a figure means.
//
// # Messages and timers
//
// The topics are [TopicInvited], [TopicReminded], [TopicFollowUp], and [TopicCollect], which is
// for [Service.Handle], as are the timers of [KindName].
package survey
