package eventbus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"mime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/stretchr/testify/require"
)

var (
	epoch = time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)
	acme  = eventbus.Origin{Tenant: "acme", Source: "//itsm.example.com/acme", Prefix: "com.example.itsm"}
	ids   = workflow.SeededIDs(3)
	inc   = workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)}
)

func message(topic, payload string) workflow.Message {
	return workflow.Message{ID: ids.NewID(epoch), Ref: inc, Topic: topic, At: epoch, Payload: []byte(payload)}
}

func feedEvent(tb testing.TB, version int64) workflow.Event {
	ev := workflow.Event{Ref: inc, Version: version, Batch: ids.NewID(epoch), Type: "incident.resolve", At: epoch, Actor: workflow.User("ann"),
		Changes: []workflow.Change{{Path: "/title", Old: []byte(`"<a> & b"`), New: []byte(`"é"`)}}}
	require.NoError(tb, ev.Seal())
	return ev
}

func envelope(tb testing.TB, topic, payload string) eventbus.Envelope {
	e, err := acme.Message(message(topic, payload))
	require.NoError(tb, err)
	return e
}

// The rules are those of CloudEvents 1.0.2 and of its JSON format.
func TestAMessageBecomesACloudEvent(t *testing.T) {
	m := message("incident.resolved", ` {"number": "INC1", "text":"a < b"} `)
	e, err := acme.Message(m)
	require.NoError(t, err)
	raw, err := e.Encode()
	require.NoError(t, err)
	require.Equal(t, `{"specversion":"1.0","id":"`+m.ID.String()+`","source":"//itsm.example.com/acme","type":"com.example.itsm.message.incident.resolved",`+
		`"subject":"`+inc.String()+`","time":"2026-03-02T09:00:00.123456Z","tenant":"acme","kind":"incident","topic":"incident.resolved",`+
		`"partitionkey":"`+inc.String()+`","datacontenttype":"application/json","data":{"number":"INC1","text":"a < b"}}`, string(raw))

	back, err := eventbus.Decode(raw)
	require.NoError(t, err)
	require.Equal(t, e, back)
	require.Equal(t, eventbus.ClassMessage, back.Class())
	_, err = back.History()
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestAnEventBecomesACloudEventWithItsHistory(t *testing.T) {
	ev := feedEvent(t, 7)
	e, err := acme.Event(ev)
	require.NoError(t, err)
	require.Equal(t, inc.String()+"/7", e.ID)
	require.Equal(t, "com.example.itsm.event.incident.resolve", e.Type)
	raw, err := e.Encode()
	require.NoError(t, err)
	require.Contains(t, string(raw), `"recordversion":7,"batch":"`+ev.Batch.String()+`"`)
	back, err := eventbus.Decode(raw)
	require.NoError(t, err)
	require.Equal(t, e, back)
	got, err := back.History()
	require.NoError(t, err, "the canonical encoding comes through byte by byte")
	require.Equal(t, ev.Hash, got.Hash)

	back.Data = []byte(strings.Replace(string(back.Data), "ann", "bob", 1))
	_, err = back.History()
	require.ErrorIs(t, err, workflow.ErrTampered)
}

// The CloudEvents SDK is the independent judge: it validates what we write, and
// what it writes is read back.
func TestTheSDKReadsAndWritesWhatWeDo(t *testing.T) {
	for name, payload := range map[string]string{"object": `{"a":[1.10,"<é>"]}`, "null": "null", "string": `"x"`, "bytes": "{\"a\x00\xff", "no text": "\"\xff\"", "nothing": ""} {
		e := envelope(t, "notify \"é\" <b>", payload)
		sdk, err := e.Event()
		require.NoError(t, err, name)
		require.NoError(t, sdk.Validate(), name)
		require.Equal(t, "1.0", sdk.SpecVersion())
		require.Equal(t, e.Type, sdk.Type())
		require.Equal(t, e.Source, sdk.Source())
		require.Equal(t, inc.String(), sdk.Subject())
		require.True(t, e.Time.Equal(sdk.Time()))
		require.Equal(t, "incident", sdk.Extensions()["kind"])
		require.Equal(t, inc.String(), sdk.Extensions()["partitionkey"])
		require.Equal(t, payload, string(sdk.Data()), name)
		for k := range sdk.Extensions() {
			require.Regexp(t, "^[a-z0-9]{1,20}$", k, "names of attributes are short, lower case")
		}
		back, err := eventbus.FromEvent(sdk)
		require.NoError(t, err, name)
		require.Equal(t, e, back, name)
	}
	e, err := acme.Event(feedEvent(t, math.MaxInt32))
	require.NoError(t, err)
	sdk, err := e.Event()
	require.NoError(t, err)
	require.Equal(t, int32(math.MaxInt32), sdk.Extensions()["recordversion"])
	back, err := eventbus.FromEvent(sdk)
	require.NoError(t, err)
	require.Equal(t, e, back)
	_, err = eventbus.FromEvent(event.New())
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestDecodingIsStrict(t *testing.T) {
	good := map[string]any{"specversion": "1.0", "id": "1", "source": "/s", "type": "t.message.x", "subject": inc.String(), "time": "2026-03-02T10:00:00+01:00",
		"tenant": "acme", "kind": "incident", "topic": "x", "partitionkey": inc.String(), "datacontenttype": "text/plain", "data": "héllo"}
	with := func(change map[string]any) []byte {
		m := maps.Clone(good)
		for k, v := range change {
			if v == "-" {
				delete(m, k)
			} else {
				m[k] = v
			}
		}
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		return raw
	}
	e, err := eventbus.Decode(with(nil))
	require.NoError(t, err)
	require.Equal(t, "héllo", string(e.Data))
	require.Equal(t, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), e.Time)
	e, err = eventbus.Decode(with(map[string]any{"datacontenttype": "-", "data": []int{1}}))
	require.NoError(t, err, "without a media type it is JSON")
	require.Equal(t, "application/json", e.Media)
	e, err = eventbus.Decode(with(map[string]any{"batch": nil, "datacontenttype": "application/vnd.x+json; charset=utf-8", "data": nil}))
	require.NoError(t, err, "null is an attribute that is not there, and JSON's null is data")
	require.Equal(t, "null", string(e.Data))

	for name, c := range map[string]struct {
		change map[string]any
		says   string
	}{
		"older specification":       {map[string]any{"specversion": "0.3"}, "specversion"},
		"no id":                     {map[string]any{"id": "-"}, "attribute id is missing"},
		"empty type":                {map[string]any{"type": ""}, "attribute type is missing"},
		"a number for a string":     {map[string]any{"id": 1}, "attribute id is not a string"},
		"unknown attribute":         {map[string]any{"traceparent": "x"}, `unknown attribute "traceparent"`},
		"another case":              {map[string]any{"Tenant": "acme"}, `unknown attribute "Tenant"`},
		"no source":                 {map[string]any{"source": "-"}, "source"},
		"a source that is no URI":   {map[string]any{"source": "http://[::1"}, "not a URI reference"},
		"control character":         {map[string]any{"topic": "a\u0007"}, "control"},
		"noncharacter":              {map[string]any{"topic": "a\ufdd0"}, "control"},
		"no time zone":              {map[string]any{"time": "2026-03-02T10:00:00"}, "time"},
		"subject without an id":     {map[string]any{"subject": "incident"}, "record reference"},
		"upper case in the subject": {map[string]any{"subject": strings.ToUpper(inc.String())}, "belong together"},
		"another record's key":      {map[string]any{"partitionkey": "incident/x"}, "belong together"},
		"another kind":              {map[string]any{"kind": "problem"}, "belong together"},
		"version as text":           {map[string]any{"recordversion": "7", "batch": inc.ID.String()}, "whole number"},
		"version with an exponent":  {map[string]any{"recordversion": json.RawMessage("1e2"), "batch": inc.ID.String()}, "whole number"},
		"version over 32 bits":      {map[string]any{"recordversion": 1 << 31, "batch": inc.ID.String()}, "whole number"},
		"version without a batch":   {map[string]any{"recordversion": 7}, "neither"},
		"batch that is no id":       {map[string]any{"batch": "x", "recordversion": 7}, "not an id"},
		"two kinds of data":         {map[string]any{"data_base64": "aGk="}, "both data and data_base64"},
		"text that is no string":    {map[string]any{"data": 1}, "not a string"},
		"bad base64":                {map[string]any{"data": "-", "data_base64": "aGk"}, "base64"},
		"media type without data":   {map[string]any{"data": "-"}, "either both or none"},
		"broken media type":         {map[string]any{"datacontenttype": "text/"}, "media type"},
	} {
		_, err := eventbus.Decode(with(c.change))
		require.ErrorIs(t, err, workflow.ErrInvalid, name)
		require.ErrorContains(t, err, c.says, name)
	}
	whole := string(with(nil))
	for name, raw := range map[string]string{
		"nothing": "", "no object": "[]", "cut off": whole[:len(whole)-1], "more behind it": whole + "{}", "not UTF-8": strings.Replace(whole, "h\u00e9llo", "h\xffllo", 1),
		"an attribute twice": strings.Replace(whole, `"id":"1"`, `"id":"1","id":"1"`, 1), "too long": whole + strings.Repeat(" ", eventbus.MaxEnvelope),
	} {
		_, err := eventbus.Decode([]byte(raw))
		require.ErrorIs(t, err, workflow.ErrInvalid, name)
	}
	_, err = eventbus.Decode(with(map[string]any{"id": "-", "traceparent": "x", "time": "noon"}))
	for _, says := range []string{"id is missing", "traceparent", "time"} {
		require.ErrorContains(t, err, says, "every fault at once")
	}
}

func TestWhatNoCloudEventCanHoldIsRefused(t *testing.T) {
	_, err := acme.Message(message("bell\x07", "1"))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = acme.Message(message("big", `"`+strings.Repeat("x", eventbus.MaxData)+`"`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	ev := feedEvent(t, math.MaxInt32+1)
	_, err = acme.Event(ev)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	largest := workflow.Message{ID: ids.NewID(epoch), Ref: inc, Topic: "t", At: epoch, Payload: slices.Repeat([]byte{0xff}, eventbus.MaxData)}
	e, err := acme.Message(largest)
	require.NoError(t, err)
	raw, err := e.Encode()
	require.NoError(t, err)
	require.LessOrEqual(t, len(raw), eventbus.MaxEnvelope, "what may be encoded may be decoded")

	err = eventbus.Origin{Source: "a\nb", Tenant: strings.Repeat("t", 200)}.Validate()
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "tenant")
	require.ErrorContains(t, err, "source")
}

func TestTenantsWithTheSameIDsAreToldApart(t *testing.T) {
	other := acme
	other.Tenant, other.Source = "globex", "//itsm.example.com/globex"
	m := message("x", "1")
	a, err := acme.Message(m)
	require.NoError(t, err)
	b, err := other.Message(m)
	require.NoError(t, err)
	require.Equal(t, a.ID, b.ID)
	require.NotEqual(t, a.Key(), b.Key())
	a.Source, a.ID = strings.Repeat("s", eventbus.MaxSource), strings.Repeat("i", workflow.MaxKey)
	require.LessOrEqual(t, len(a.Key()), workflow.MaxKey, "it fits into a command's key")
}

// Any batch is cut so that a round holds a record once and the rounds keep the
// order of each record.
func TestRoundsHoldARecordOnceAndKeepItsOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	refs := []workflow.Ref{inc, {Kind: "incident", ID: ids.NewID(epoch)}, {Kind: "problem", ID: inc.ID}}
	for range 200 {
		batch := make([]eventbus.Envelope, random.IntN(20))
		for i := range batch {
			batch[i].Ref = refs[random.IntN(len(refs))]
		}
		last := map[workflow.Ref]int{}
		seen := 0
		for round := range eventbus.Rounds(batch) {
			once := map[workflow.Ref]bool{}
			for _, i := range round {
				ref := batch[i].Ref
				require.False(t, once[ref])
				once[ref] = true
				before, some := last[ref]
				require.True(t, !some || before < i)
				last[ref] = i
				seen++
			}
		}
		require.Equal(t, len(batch), seen)
	}
}

func TestARoundThatFailsHoldsBackItsRecords(t *testing.T) {
	other := workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)}
	batch := make([]eventbus.Envelope, 6) // inc, inc, other, inc, other, other
	for i := range batch {
		batch[i] = eventbus.Envelope{ID: fmt.Sprint(i), Ref: []workflow.Ref{inc, inc, other, inc, other, other}[i]}
	}
	publish := func(fails string, with error) (string, error) {
		var sent []string
		err := eventbus.PublishInRounds(context.Background(), batch, func(_ context.Context, round []eventbus.Envelope) []error {
			errs := make([]error, len(round))
			for i, e := range round {
				sent = append(sent, e.ID)
				if e.ID == fails {
					errs[i] = with
				}
			}
			return errs
		})
		return strings.Join(sent, ""), err
	}
	sent, err := publish("", nil)
	require.NoError(t, err)
	require.Equal(t, "021435", sent)

	sent, err = publish("1", workflow.ErrInvalid)
	require.Equal(t, "02145", sent, "the other record goes on")
	require.ErrorIs(t, eventbus.Outcome(err, 1), workflow.ErrInvalid)
	require.ErrorIs(t, eventbus.Outcome(err, 3), eventbus.ErrHeldBack)
	require.NoError(t, eventbus.Outcome(err, 5))
	require.ErrorIs(t, err, workflow.ErrInvalid)

	sent, err = publish("1", eventbus.ErrUnavailable)
	require.Equal(t, "0214", sent, "nothing more is sent to a broker that is away")
	require.ErrorIs(t, eventbus.Outcome(err, 5), eventbus.ErrUnavailable)
	require.ErrorIs(t, eventbus.Outcome(fmt.Errorf("another batch: %w", err), 0), eventbus.ErrUnavailable,
		"an error that wraps one of another batch acknowledges nothing")
}

func FuzzDecode(f *testing.F) {
	for _, payload := range []string{`{"a":1}`, "\xff", ""} {
		raw, err := envelope(f, "incident.resolved", payload).Encode()
		require.NoError(f, err)
		f.Add(raw)
	}
	e, err := acme.Event(feedEvent(f, 3))
	require.NoError(f, err)
	raw, err := e.Encode()
	require.NoError(f, err)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := eventbus.Decode(raw)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		again, err := e.Encode()
		require.NoError(t, err)
		back, err := eventbus.Decode(again)
		require.NoError(t, err)
		require.Equal(t, e, back)
		if sdkTakesJSONFor(e.Media) {
			var sdk event.Event
			require.NoError(t, sdk.UnmarshalJSON(again), "the SDK reads what we accept")
		}
	})
}

// sdkTakesJSONFor reports whether the SDK agrees with the specification about the media
// type. It knows four by name, and takes only strings for all others; the specification
// has JSON for all whose subtype is json or ends in +json, in any case, with parameters.
func sdkTakesJSONFor(media string) bool {
	kind, _, err := mime.ParseMediaType(media)
	if err != nil || !strings.HasSuffix(kind, "/json") && !strings.HasSuffix(kind, "+json") {
		return true
	}
	return slices.Contains([]string{event.ApplicationJSON, event.TextJSON, event.ApplicationCloudEventsJSON, event.ApplicationCloudEventsBatchJSON}, media)
}
