package eventbus

import (
	"strconv"

	"github.com/itsm-go/itsm/workflow"
)

// Origin says where a tenant's envelopes come from.
type Origin struct {
	// Tenant is the name under which receivers know the tenant: 1 to [MaxTenant]
	// bytes. It is a part of the subjects in NATS.
	Tenant string
	// Source is the URI reference that identifies the tenant's desk among all
	// sources of events: "//itsm.example.com/acme". Two tenants must not share it,
	// as ids are unique within a source only.
	Source string
	// Prefix goes before every type, a reversed domain name by custom:
	// "com.example.itsm". Default: "itsm".
	Prefix string
}

// Validate reports every fault of the origin in one error matching
// [workflow.ErrInvalid].
func (o Origin) Validate() error {
	e := o.envelope(ClassMessage, "t")
	var p workflow.Problems
	for _, f := range []struct {
		name, value string
		most        int
	}{{"tenant", e.Tenant, MaxTenant}, {"source", e.Source, MaxSource}, {"prefix", o.prefix(), MaxSource}} {
		if f.value == "" || len(f.value) > f.most || !clean(f.value) {
			p.Addf("%s %.80q: want 1 to %d bytes without control characters", f.name, f.value, f.most)
		}
	}
	return p.Err("eventbus: origin")
}

func (o Origin) prefix() string {
	if o.Prefix == "" {
		return "itsm"
	}
	return o.Prefix
}

func (o Origin) envelope(c Class, topic string) Envelope {
	return Envelope{Source: o.Source, Tenant: o.Tenant, Topic: topic, Type: o.prefix() + "." + string(c) + "." + topic}
}

// Message puts a message of the outbox into an envelope: its id is the
// message's. A payload that is JSON stays JSON, any other is sent as bytes. A
// message that no CloudEvent can hold, for example with a control character in
// its topic, is an error matching [workflow.ErrInvalid].
func (o Origin) Message(m workflow.Message) (Envelope, error) {
	e := o.envelope(ClassMessage, m.Topic)
	e.ID, e.Ref, e.Time = m.ID.String(), m.Ref, m.At.UTC()
	e.pack(m.Payload)
	return e, e.Validate()
}

// Event puts an event of the feed into an envelope: its id is the record and its
// version, "incident/01890a5d-ac96-774b-bcce-b302099a8057/7", and its data the
// canonical encoding, which [Envelope.History] reads.
func (o Origin) Event(ev workflow.Event) (Envelope, error) {
	e := o.envelope(ClassEvent, ev.Type)
	e.ID = ev.Ref.String() + "/" + strconv.FormatInt(ev.Version, 10)
	e.Ref, e.Time, e.Version, e.Batch = ev.Ref, ev.At.UTC(), ev.Version, ev.Batch
	raw, err := ev.Encode()
	if err != nil {
		return Envelope{}, err
	}
	e.Media, e.Data = mediaJSON, raw
	return e, e.Validate()
}
