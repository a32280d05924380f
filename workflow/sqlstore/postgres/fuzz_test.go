package postgres

import (
	"testing"

	"github.com/itsm-go/itsm/workflow"
)

// A position that is taken is exactly the text that the place has.
func FuzzParsePosition(f *testing.F) {
	for _, seed := range []string{"", "1.1", "733.12", "9223372036854775807.9223372036854775807", "0.1", "-1.2", "1.02", "+1.2", "1", "1.2.3", "x.y", " 1.1", "9223372036854775808.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parsePosition(workflow.Position(text))
		switch {
		case err != nil && at != place{}:
			t.Fatalf("%q is refused and is %v", text, at)
		case err == nil && text == "" && at != place{}:
			t.Fatalf("the beginning is %v", at)
		case err == nil && text != "" && at.position() != workflow.Position(text):
			t.Fatalf("%q is %v, whose position is %q", text, at, at.position())
		}
	})
}

// A receipt that is taken names a lease and a place, and is written so again.
func FuzzParseReceipt(f *testing.F) {
	p := piece{kind: 3, id: workflow.ID{15: 1}, token: 7, name: "sla/resolution: breach"}
	f.Add(string(p.receipt()))
	for _, seed := range []string{"", ":::: ", "1:2:00000000-0000-0000-0000-000000000001:3:", "0:1:00000000-0000-0000-0000-000000000001:0:x", "1:99999999999:00000000-0000-0000-0000-000000000001:0:x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := parseReceipt(workflow.Receipt(text))
		if !ok {
			return
		}
		again, ok := parseReceipt(p.receipt())
		if !ok || again.token != p.token || again.kind != p.kind || again.id != p.id || again.seq != p.seq || again.name != p.name {
			t.Fatalf("%q is %+v and then %+v", text, p, again)
		}
		if p.token <= 0 || !validText(p.name) {
			t.Fatalf("%q is %+v", text, p)
		}
	})
}
