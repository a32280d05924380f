package storetest

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// NewWrite builds a valid write by hand: the version after before, with the
// event that makes it, sealed and linked to its predecessor. To create a record
// pass a document that has only its Ref. body is compact JSON, as json.Marshal
// writes it. at should have no more precision than a microsecond, which is what
// every store keeps.
func NewWrite(batch workflow.ID, at time.Time, before workflow.Document, index workflow.Index, body string) (workflow.Write, error) {
	var old []byte
	doc := before
	doc.Version++
	doc.Schema, doc.Updated, doc.Index = 1, at, index
	doc.Body = workflow.RawBody([]byte(body))
	if before.Version == 0 {
		doc.Created = at
	} else {
		var err error
		if old, err = before.Body.Encoded(); err != nil {
			return workflow.Write{}, err
		}
	}
	changes, err := workflow.Diff(old, []byte(body))
	if err != nil {
		return workflow.Write{}, fmt.Errorf("storetest: body of %v: %w", doc.Ref, err)
	}
	event := workflow.Event{
		Ref: doc.Ref, Version: doc.Version, Batch: batch, At: at,
		Type:    fmt.Sprintf("storetest.step%d", doc.Version%3),
		Actor:   workflow.User("ann").For("bob"),
		Note:    "geprüft & \"ok\" <1>",
		Changes: changes,
		Prev:    before.Head,
	}
	if err := event.Seal(); err != nil {
		return workflow.Write{}, err
	}
	doc.Head = event.Hash
	return workflow.Write{Document: doc, Event: event}, nil
}
