package major

import (
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Template words an update. A field stands between double braces: {{number}}. There are
// no other instructions, and what a field holds is not looked at for more, so a template
// can neither fail nor loop when it is used; what is wrong with it is told when the
// policy is compiled.
type Template struct {
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// Fields are the names that a template may use.
var fields = []string{
	"number", "title", "priority", "state", "service", "business_impact",
	"status", "text", "began", "duration", "children", "manager", "bridge", "next_update", "organisation",
}

// Fields returns the names of the fields that templates may use.
func Fields() []string { return slices.Clone(fields) }

// Limits of a template.
const (
	MaxTemplate = 16 << 10 // bytes
	maxHoles    = 40       // fields in one text
)

// text is a template as it was compiled: text and field in turn.
type text struct{ parts []string }

func parseText(what, s string) (text, error) {
	var p workflow.Problems
	if s == "" || len(s) > MaxTemplate {
		p.Addf("want 1 to %d bytes, not %d", MaxTemplate, len(s))
		return text{}, p.Err(what)
	}
	var t text
	for rest := s; ; {
		before, after, found := strings.Cut(rest, "{{")
		if strings.Contains(before, "}}") {
			p.Addf("}} without {{ behind %.40q", before)
		}
		t.parts = append(t.parts, before)
		if !found {
			break
		}
		name, behind, closed := strings.Cut(after, "}}")
		name = strings.TrimSpace(name)
		if !closed {
			p.Addf("{{ without }} at %.40q", after)
			break
		}
		if !slices.Contains(fields, name) {
			p.Addf("there is no field %.40q, but %s", name, strings.Join(fields, ", "))
		}
		t.parts, rest = append(t.parts, name), behind
	}
	if len(t.parts)/2 > maxHoles {
		p.Addf("%d fields, at most %d", len(t.parts)/2, maxHoles)
	}
	return t, p.Err(what)
}

func (t text) fill(values map[string]string) string {
	var b strings.Builder
	for i, part := range t.parts {
		if i%2 == 1 {
			part = values[part]
		}
		b.WriteString(part)
	}
	return b.String()
}

// wording is a compiled template.
type wording struct{ subject, body text }

func (t Template) compile(name string) (wording, error) {
	var p workflow.Problems
	subject, err := parseText("the subject", t.Subject)
	p.Add(err)
	body, err := parseText("the body", t.Body)
	p.Add(err)
	return wording{subject, body}, p.Err(fmt.Sprintf("template %.64q", name))
}

// standard words the updates of communications that name no template.
func standard() wording {
	w, err := Template{
		Subject: "[{{priority}}] {{number}} {{status}}: {{title}}",
		Body:    "{{text}}\n\nImpact: {{business_impact}}\nSince: {{began}} ({{duration}})\nNext update: {{next_update}}\n",
	}.compile("standard")
	if err != nil {
		panic(err) // a test compiles it
	}
	return w
}
