// Package announce keeps people informed: of outages and changes that touch them, as the
// configuration tells, of what they have subscribed to, and by announcements.
//
//	informing, err := announce.NewService(desk, announce.Config{Directory: people, Consumers: announce.NewConsumption(snapshot)})
//	impact, err := topology.Impact(cmdb.Query{Down: []workflow.ID{switch7}})
//	b, err := informing.Report(ctx, mia, announce.Report{Kind: announce.Outage, Severity: announce.High,
//		Words: announce.Words{"en": {Title: "Mail is down"}}, Harms: announce.Affected(impact)})
//	b, err = informing.Update(ctx, mia, b.ID, announce.News{Words: ...})
//	b, err = informing.Clear(ctx, mia, b.ID, announce.Words{"en": {Title: "Mail works again"}})
//
// The package knows no practice: what a [Bulletin] is about is a reference. The host wires
// it to its incidents and changes, as the example of [Affected] shows, and tells who the
// people are, by a [Directory].
//
// # Bulletins
//
// A [Bulletin] is the running word of one outage or change. [Affected] makes its harms of an
// impact of package cmdb, each with the path from the cause. Whom it touches is found when it
// is told: who consumes what is harmed ([Consumers]; [Consumption] makes that of the
// configuration), who has subscribed to it, and who is addressed by its audience, such as the
// audiences of a communication plan. Everybody is told once in a round, with the reasons,
// however many ways lead to him.
//
// A round is the first word, an update, or the end. An update goes to those who were told
// before and to whoever is touched by now. The all-clear goes to exactly those who were told,
// each of them once, also if they have unsubscribed since or left the group. A new round ends
// the one that is under way: who was not reached yet hears the new word, and of what is over
// he hears nothing.
//
// # Chunks
//
// A command changes the bulletin alone, however many people it touches. The relay then takes
// the round to [ChunkSize] people at a time. Each chunk is one commit: a page that says who
// knows what, one message for those of it who are told now, the place up to which the round
// has come, and the tick for the next chunk. After a crash it goes on from that place; a tick
// that comes twice does nothing. Messages of one page are delivered in order.
//
// # Subscriptions and quiet hours
//
// A [Profile] has what a person or a group has subscribed to, an item, a site or everything,
// by kind and from a severity on, and how the person wants to be told: by which channels, in
// which hours, or in one [Digest], unless something is severe. What is held keeps up with the
// bulletin: in the morning he hears the last word alone, and nothing of what is over by then.
// A digest and a notice of the same bulletin can cross on their way; both say when it was said.
//
// # Announcements
//
// An [Announcement] has words in several languages, an audience, a priority, and a validity.
// It is drafted, approved by somebody who has not written it, published when its validity
// begins, and expires when that ends; a kind that is direct by the [Config] is released
// without an approval. It can be superseded by another and withdrawn. [Service.Active] lists
// what is for a person at an instant, by validity, however late timers are. If it is to be
// pushed it has a bulletin of its own; if it is to be acknowledged, [Service.Readings] counts.
//
// # What is taken from which product
//
//   - ServiceNow: communication to several audiences by several channels, with recipients as
//     blind copies; outages told to subscribers. The pace at which updates are owed is that of
//     the plan of a major incident, in package major. Its option to end the communication with
//     the incident, off there by default, is the host's: it calls [Service.Clear] then.
//   - Statuspage: the course from report over updates to the end, subscribers of components,
//     maintenance told beforehand. Not taken: the public page itself, which the host draws of
//     [Service.Active] and of open bulletins.
//   - iTop: contacts computed from the impact, with the reason kept. Its flag against notifying
//     a contact is [Preferences].NotByConsumption, which is the person's own.
//   - Not taken: subscribing by mail address without an account, and unsubscribing by link, as
//     the host knows who the actor is; templates and markup, as words come in ready.
//
// # Messages and timers
//
// [TopicNotice] and [TopicDigest] are for the host to send. [TopicSpread], and the timers of
// [KindAnnouncement] and [KindProfile], are for [Service.Handle].
package announce
