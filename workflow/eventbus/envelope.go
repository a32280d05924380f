package eventbus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"mime"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"

	"github.com/cloudevents/sdk-go/v2/event"
)

// Envelope is a message or an event on its way out: a CloudEvent 1.0 whose
// context attributes have types. Two envelopes with the same source and id are
// the same one, delivered twice.
type Envelope struct {
	ID      string       // unique within the source, the same at every delivery
	Source  string       // a URI reference: the tenant's, see [Origin]
	Type    string       // what receivers route by: "itsm.message.notify"
	Tenant  string       // whose record it is
	Ref     workflow.Ref // the subject: the record that it is about
	Topic   string       // the message's topic, or the event's type
	Time    time.Time    // when the command happened, in UTC
	Version int64        // of an event: the version of the record that it made; 0 for a message
	Batch   workflow.ID  // of an event: the commit it happened in
	Media   string       // the media type of Data; empty when there is none
	Data    []byte       // of a message its payload, of an event its canonical encoding
}

// Class tells the two things apart that leave through the bus.
type Class string

// The classes.
const (
	ClassMessage Class = "message" // from the outbox: an effect that a command asked for
	ClassEvent   Class = "event"   // from the feed: what happened to a record
)

// Limits of an envelope. A broker may allow less.
const (
	MaxData     = 3 * workflow.MaxBody            // bytes of data: an event may hold a record before and after
	MaxEnvelope = MaxData/3*4 + 64<<10            // bytes of its JSON form
	MaxSource   = 256                             // bytes of a source or a prefix of types
	MaxTenant   = 128                             // bytes of a tenant's name
	maxID       = workflow.MaxKey + 64            // an event's id holds its record's kind
	maxType     = workflow.MaxKey + MaxSource + 9 // prefix, class and topic
)

// The media types that are sent.
const (
	mediaJSON   = "application/json"
	mediaBinary = "application/octet-stream"
)

// Class tells whether the envelope is a message or an event.
func (e Envelope) Class() Class {
	if e.Version > 0 {
		return ClassEvent
	}
	return ClassMessage
}

// Key names the envelope among those of all sources: what an inbox remembers and
// a broker recognises repetitions by. Ids alone would not do: two tenants that
// carry out a command with the same key have messages with the same ids. It has
// at most [workflow.MaxKey] bytes.
func (e Envelope) Key() string {
	key := e.Source + " " + e.ID
	if len(key) <= workflow.MaxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256 " + hex.EncodeToString(sum[:])
}

// Validate reports every fault of the envelope in one error matching
// [workflow.ErrInvalid].
func (e Envelope) Validate() error {
	var p workflow.Problems
	text := func(name, s string, most int) {
		if s == "" || len(s) > most || !clean(s) {
			p.Addf("%s %.80q: want 1 to %d bytes without control characters", name, s, most)
		}
	}
	text("id", e.ID, maxID)
	text("source", e.Source, MaxSource)
	text("type", e.Type, maxType)
	text("tenant", e.Tenant, MaxTenant)
	text("topic", e.Topic, workflow.MaxKey)
	if _, err := url.Parse(e.Source); err != nil {
		p.Addf("source %.80q is not a URI reference", e.Source)
	}
	if parsed, err := workflow.ParseRef(e.Ref.String()); err != nil || parsed != e.Ref || e.Ref.ID == (workflow.ID{}) || len(e.Ref.Kind) > workflow.MaxKey || !clean(e.Ref.Kind) {
		p.Addf("%.80v is not a record reference", e.Ref)
	}
	if y := e.Time.Year(); e.Time.IsZero() || y < 1 || y > 9999 {
		p.Addf("time %v: want one in the years 1 to 9999", e.Time)
	}
	if e.Version < 0 || e.Version > math.MaxInt32 {
		p.Addf("record version %d: want 0 to %d", e.Version, math.MaxInt32)
	}
	if (e.Version > 0) != (e.Batch != workflow.ID{}) {
		p.Addf("an event has a record version and a batch, a message has neither")
	}
	e.validateData(&p)
	return p.Err("eventbus: envelope")
}

func (e Envelope) validateData(p *workflow.Problems) {
	if len(e.Data) > MaxData {
		p.Addf("%d bytes of data, at most %d", len(e.Data), MaxData)
		return
	}
	if (e.Media == "") != (len(e.Data) == 0) {
		p.Addf("media type %.80q with %d bytes of data: either both or none", e.Media, len(e.Data))
		return
	}
	if e.Media == "" {
		return
	}
	if _, _, err := mime.ParseMediaType(e.Media); err != nil || len(e.Media) > MaxSource || !clean(e.Media) {
		p.Addf("%.80q is not a media type", e.Media)
	} else if isJSON(e.Media) && !validJSON(e.Data) {
		p.Addf("the data is not %s", e.Media)
	}
}

// clean reports whether the text is a CloudEvents String: valid Unicode without
// control characters and noncharacters.
func clean(s string) bool {
	for _, r := range s {
		switch {
		case r < 0x20, r >= 0x7f && r <= 0x9f, r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
			return false
		}
	}
	return utf8.ValidString(s)
}

// isJSON follows the CloudEvents JSON format, section 3.1.1: a subtype of json,
// or one that ends in +json.
func isJSON(media string) bool {
	t, _, err := mime.ParseMediaType(media)
	_, sub, _ := strings.Cut(t, "/")
	return err == nil && (sub == "json" || strings.HasSuffix(sub, "+json"))
}

// validJSON wants text too: package json lets bytes pass in strings that are not
// UTF-8, and RFC 8259 does not.
func validJSON(data []byte) bool { return utf8.Valid(data) && json.Valid(data) }

// pack chooses the media type of a payload: JSON when it is that, else bytes.
func (e *Envelope) pack(payload []byte) {
	switch {
	case len(payload) == 0:
	case validJSON(payload):
		var b bytes.Buffer
		_ = json.Compact(&b, payload) // cannot fail on valid JSON
		e.Media, e.Data = mediaJSON, b.Bytes()
	default:
		e.Media, e.Data = mediaBinary, bytes.Clone(payload)
	}
}

// History returns the event that an envelope of [ClassEvent] carries, with its
// hash checked: a receiver may verify the chain with it. A message is an error
// matching [workflow.ErrInvalid], an altered event one matching
// [workflow.ErrTampered].
func (e Envelope) History() (workflow.Event, error) {
	var p workflow.Problems
	if e.Class() != ClassEvent {
		p.Addf("%s is a message and not an event", e.Key())
		return workflow.Event{}, p.Err("eventbus: history")
	}
	return workflow.DecodeEvent(e.Data)
}

// Event returns the envelope as an event of the CloudEvents SDK, for receivers
// and protocol bindings written for it.
func (e Envelope) Event() (event.Event, error) {
	raw, err := e.Encode()
	if err != nil {
		return event.Event{}, err
	}
	var out event.Event
	err = out.UnmarshalJSON(raw)
	return out, err
}

// FromEvent reads an envelope that came as an event of the CloudEvents SDK, as
// strictly as [Decode].
func FromEvent(e event.Event) (Envelope, error) {
	raw, err := e.MarshalJSON()
	if err != nil {
		var p workflow.Problems
		p.Add(err)
		return Envelope{}, p.Err("eventbus: event")
	}
	return Decode(raw)
}
