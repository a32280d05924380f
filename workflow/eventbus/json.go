package eventbus

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// ContentType is the media type of what [Envelope.Encode] writes: a CloudEvent in
// the structured content mode of the JSON format.
const ContentType = "application/cloudevents+json"

// wire fixes the names and the order of the JSON form. The extension attributes
// are tenant, kind, topic, recordversion, batch and partitionkey; the last is the
// documented extension for partitioning.
type wire struct {
	SpecVersion   string          `json:"specversion"`
	ID            string          `json:"id"`
	Source        string          `json:"source"`
	Type          string          `json:"type"`
	Subject       string          `json:"subject"`
	Time          string          `json:"time"`
	Tenant        string          `json:"tenant"`
	Kind          string          `json:"kind"`
	Topic         string          `json:"topic"`
	RecordVersion int64           `json:"recordversion,omitempty"`
	Batch         string          `json:"batch,omitempty"`
	PartitionKey  string          `json:"partitionkey"`
	Media         string          `json:"datacontenttype,omitempty"`
	Data          json.RawMessage `json:"data,omitempty"`
	DataBase64    []byte          `json:"data_base64,omitempty"`
}

// Encode checks the envelope and returns its JSON form: CloudEvents 1.0, JSON
// format. The same envelope always gives the same bytes.
func (e Envelope) Encode() ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	w := wire{SpecVersion: "1.0", ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Ref.String(),
		Time: e.Time.UTC().Format(time.RFC3339Nano), Tenant: e.Tenant, Kind: e.Ref.Kind, Topic: e.Topic,
		RecordVersion: e.Version, PartitionKey: e.Ref.String(), Media: e.Media}
	if e.Version > 0 {
		w.Batch = e.Batch.String()
	}
	if isJSON(e.Media) {
		w.Data = e.Data
	} else {
		w.DataBase64 = e.Data
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the data's own bytes
	if err := enc.Encode(w); err != nil {
		var p workflow.Problems
		p.Add(err)
		return nil, p.Err("eventbus: envelope")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode reads what [Envelope.Encode] wrote, by whatever route it came: another
// order of the attributes and white space do not matter. It is strict: an
// attribute that is unknown, twice there or of another type, a partition key or
// kind that is not the subject's, other versions of the specification and
// anything behind the object are refused, every fault in one error matching
// [workflow.ErrInvalid].
func Decode(raw []byte) (Envelope, error) {
	var p workflow.Problems
	m := members(&p, raw)
	if err := p.Err("eventbus: decode"); err != nil {
		return Envelope{}, err
	}
	e := Envelope{ID: m.text("id"), Source: m.text("source"), Type: m.text("type"), Tenant: m.text("tenant"), Topic: m.text("topic")}
	if v := m.text("specversion"); v != "1.0" {
		p.Addf("specversion %.20q, want 1.0", v)
	}
	subject, key, kind := m.text("subject"), m.text("partitionkey"), m.text("kind")
	var err error
	if e.Ref, err = workflow.ParseRef(subject); err != nil {
		p.Add(err)
	} else if e.Ref.String() != subject || kind != e.Ref.Kind || key != subject {
		p.Addf("subject %.80q with kind %.80q and partition key %.80q: they do not belong together", subject, kind, key)
	}
	if text := m.text("time"); text != "" {
		if e.Time, err = time.Parse(time.RFC3339Nano, text); err != nil {
			p.Addf("time %.40q, want one of RFC 3339", text)
		}
	}
	e.Time = e.Time.UTC()
	e.Version = m.integer("recordversion")
	if text := m.optional("batch"); text != "" {
		if e.Batch, err = workflow.ParseID(text); err != nil {
			p.Add(err)
		}
	}
	e.Media = m.optional("datacontenttype")
	m.data(&e)
	m.rest()
	if err := p.Err("eventbus: decode"); err != nil {
		return Envelope{}, err
	}
	return e, e.Validate()
}

// attributes are the members of the JSON object that have not been read yet.
type attributes struct {
	p     *workflow.Problems
	order []string
	value map[string]json.RawMessage
}

func members(p *workflow.Problems, raw []byte) *attributes {
	a := &attributes{p: p, value: map[string]json.RawMessage{}}
	switch {
	case len(raw) > MaxEnvelope:
		p.Addf("%d bytes, at most %d", len(raw), MaxEnvelope)
		return a
	case !utf8.Valid(raw):
		p.Addf("not UTF-8")
		return a
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		p.Addf("not a JSON object")
		return a
	}
	for d.More() {
		t, err := d.Token()
		var v json.RawMessage
		if err == nil {
			err = d.Decode(&v)
		}
		if err != nil {
			p.Add(err)
			return a
		}
		name, _ := t.(string)
		if _, twice := a.value[name]; twice {
			p.Addf("attribute %.40q is there twice", name)
		}
		a.order = append(a.order, name)
		a.value[name] = v
	}
	if _, err := d.Token(); err != nil {
		p.Add(err)
	} else if _, err := d.Token(); err != io.EOF {
		p.Addf("more follows behind the object")
	}
	return a
}

// take removes an attribute. A null is one that is not there (JSON format,
// section 2.2); for data it is a value.
func (a *attributes) take(name string) json.RawMessage {
	v, ok := a.value[name]
	delete(a.value, name)
	if !ok || string(v) == "null" && name != "data" {
		return nil
	}
	return v
}

func (a *attributes) text(name string) string {
	s := a.optional(name)
	if s == "" {
		a.p.Addf("attribute %s is missing or empty", name)
	}
	return s
}

func (a *attributes) optional(name string) string {
	v := a.take(name)
	if v == nil {
		return ""
	}
	var s string
	if v[0] != '"' || json.Unmarshal(v, &s) != nil {
		a.p.Addf("attribute %s is not a string", name)
	}
	return s
}

// integer reads a CloudEvents Integer: 32 bits, written without fraction and
// exponent.
func (a *attributes) integer(name string) int64 {
	v := a.take(name)
	if v == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(v), 10, 32)
	if err != nil || n < 1 {
		a.p.Addf("attribute %s is %.20s, want a whole number from 1 to 2147483647", name, v)
	}
	return n
}

// data reads the payload: a JSON value where the media type is JSON, which it is
// when none is given, a string where it is another, or bytes in Base64.
func (a *attributes) data(e *Envelope) {
	v, coded := a.take("data"), a.take("data_base64")
	switch {
	case v != nil && coded != nil:
		a.p.Addf("both data and data_base64")
	case coded != nil:
		var s string
		err := json.Unmarshal(coded, &s)
		if err == nil {
			e.Data, err = base64.StdEncoding.Strict().DecodeString(s)
		}
		if err != nil {
			a.p.Addf("data_base64: %w", err)
		}
	case v == nil:
	case e.Media == "" || isJSON(e.Media):
		var b bytes.Buffer
		_ = json.Compact(&b, v) // cannot fail on a value that was decoded
		e.Data = b.Bytes()
		if e.Media == "" {
			e.Media = mediaJSON
		}
	default:
		var s string
		if json.Unmarshal(v, &s) != nil || v[0] != '"' {
			a.p.Addf("data of %.40q is not a string", e.Media)
		}
		e.Data = []byte(s)
	}
	if len(e.Data) == 0 {
		e.Data = nil
	}
}

// rest reports what nobody has asked for.
func (a *attributes) rest() {
	for _, name := range a.order {
		if _, left := a.value[name]; left {
			a.p.Addf("unknown attribute %.40q", name)
		}
	}
}
