// Package knownerror keeps what is known of errors that are not removed yet: how to
// recognise one, what is behind it, and how to live with it. It finds those that fit a
// new incident, and says why they fit.
//
//	catalogue, err := knownerror.NewCatalogue(desk.Store(), knownerror.CatalogueConfig{})
//	known, err := knownerror.NewService(desk, knownerror.Config{Duplicates: catalogue.Duplicates})
//	ke, err := known.Draft(ctx, ann, knownerror.Content{Title: "Outlook disconnects", Symptom: "…", Codes: []string{"0x80070035"}, …})
//	ke, err = known.Submit(ctx, ann, ke.ID)
//	ke, err = known.Publish(ctx, mia, ke.ID, "tried it out")
//
//	err = catalogue.Refresh(ctx)
//	found, err := catalogue.Suggest(ctx, knownerror.Case{Title: "outlook disconnects", Items: []string{"mail01"}})
//	fmt.Println(found[0].Number, found[0].Why()) // KE0000001 shares mail01; words: outlook, disconnect
//
// # The life of a known error
//
//	draft → review → published → retired
//
// as data: see [Lifecycle]. It is a record of its own, not a state of a problem, which
// has one problem behind it or none: that is how iTop has it, and ServiceNow since it
// keeps known errors as knowledge. Nothing is published that does not say what its
// cause is, or that it is not known, and how to work around it, or that there is no way
// to; whatever lifecycle the host configures. [Options.FourEyes] asks for a reviewer
// who did not write it.
//
// [Service.Revise] writes the next revision of what is published. Readers keep seeing
// the one in force until the next is published: [KnownError.Published].
//
// # What people complain about, and what is done about it
//
//   - "Search finds words only." A [Catalogue] also goes by the configuration items of
//     the case, what is near them, error codes in the text, the product and its
//     version, the service and the category.
//   - "It does not say why." Each [Suggestion] has its reasons, with their points.
//   - "Articles are stale." A published known error has a date at which it is to be
//     looked at again. Its owner is reminded until [Service.Reviewed] says that it still
//     holds; until then suggestions of it count for less, and say so.
//   - "Everything is there three times." Before publishing, what looks alike is searched
//     for; a reviewer says why it is not the same, or retires one for the other. Two that
//     are published at the same moment do not slip through: see [Config.Duplicates].
//   - "Nobody knows whether it is of use." A [Use] says for which case a known error was
//     suggested and linked, and whether it helped. [Usage] has the figures, which count
//     in suggestions.
//   - "I followed an old workaround." Who has linked it is told when the workaround
//     changes, or when it is retired: [TopicChanged].
//
// # Wiring
//
// Practices do not know each other: the host makes a [Case] of an incident, and carries
// what changed to the incidents.
//
//	workflow.Mux{
//		Timers: map[string]workflow.Handler{knownerror.KindName: known}, // reviews
//		Topics: map[string]workflow.Handler{knownerror.TopicChanged: …},  // a work note for each case
//		Other:  …,                                                        // notices to people
//	}
//
// # Words
//
// A catalogue has an index of words of its own, which knows Chinese, Japanese and Korean
// by pairs of characters, see [Words]. A host with a search engine puts it behind
// [Texts]; the module knownerror/bleve is one.
//
// # Forgetting
//
// What is redacted, or erased by a [workflow.Retention], leaves a catalogue with its next
// refresh; [Catalogue.Forget] takes out at once what a host erases by itself, and
// [Catalogue.Reset] all of a tenant. An index of words keeps no word that no known error
// in force says any more. The figures of [Usage] stay: they name nobody.
//
// # Contract
//
// A Service, a Catalogue and Words are immutable or safe for concurrent use. A
// suggestion depends on nothing but the case and what the catalogue has heard of, in
// whatever order.
//
// # What is not adopted
//
// Audiences of known errors, as who may read what is the host's to authorize; retiring
// stale ones by itself, as what was true is often still true: owners are reminded and
// suggestions count for less; a catalogue of documents, of which title and address are
// enough.
package knownerror
