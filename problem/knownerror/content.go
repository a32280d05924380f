package knownerror

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Content is what a known error says.
type Content struct {
	Title   string `json:"title"`
	Symptom string `json:"symptom,omitempty"` // how people notice it

	// Cause is the root cause. As long as it is not known, CauseUnknown says so.
	Cause        string `json:"cause,omitempty"`
	CauseUnknown bool   `json:"cause_unknown,omitempty"`
	// Workaround is how to live with it. NoWorkaround says that there is no way.
	Workaround   string `json:"workaround,omitempty"`
	NoWorkaround bool   `json:"no_workaround,omitempty"`
	Solution     string `json:"solution,omitempty"` // what removes it

	Codes    []string `json:"codes,omitempty"` // as people see them: "0x80070035", "ORA-01555"
	Domain   string   `json:"domain,omitempty"`
	Vendor   string   `json:"vendor,omitempty"`
	Model    string   `json:"model,omitempty"` // the product
	Versions Versions `json:"versions,omitzero"`

	Items      []string `json:"items,omitempty"`   // configuration items
	Classes    []string `json:"classes,omitempty"` // of configuration items
	Services   []string `json:"services,omitempty"`
	Categories []string `json:"categories,omitempty"`

	Problem   workflow.ID     `json:"problem,omitzero"` // the problem behind it
	Documents []Document      `json:"documents,omitempty"`
	Fields    workflow.Fields `json:"fields,omitempty"` // custom, see [Config.Fields]
}

// Document is something to read.
type Document struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Limits of a content.
const (
	MaxCodes     = 50
	MaxItems     = 200 // configuration items
	MaxNames     = 40  // classes, services or categories
	MaxDocuments = 50
)

// ParseContent decodes a content from JSON. Unknown fields are refused.
func ParseContent(data []byte) (Content, error) {
	var c Content
	if err := workflow.ParseJSON(data, "knownerror: content", &c); err != nil {
		return Content{}, err
	}
	return c, nil
}

func (c Content) clone() Content {
	c.Codes, c.Versions.List = slices.Clone(c.Codes), slices.Clone(c.Versions.List)
	c.Items, c.Classes = slices.Clone(c.Items), slices.Clone(c.Classes)
	c.Services, c.Categories = slices.Clone(c.Services), slices.Clone(c.Categories)
	c.Documents, c.Fields = slices.Clone(c.Documents), maps.Clone(c.Fields)
	return c
}

// check notes everything that is wrong with what is said. What is not said yet is no
// fault of a draft.
func (c Content) check(p *workflow.Problems) {
	if c.Title == "" || len(c.Title) > workflow.MaxTitle {
		p.Addf("the title has 1 to %d bytes, not %d", workflow.MaxTitle, len(c.Title))
	}
	checkText(p, "the symptom", c.Symptom, false)
	checkText(p, "the cause", c.Cause, false)
	checkText(p, "the workaround", c.Workaround, false)
	checkText(p, "the solution", c.Solution, false)
	if c.Cause != "" && c.CauseUnknown {
		p.Addf("the cause is stated, and said to be unknown")
	}
	if c.Workaround != "" && c.NoWorkaround {
		p.Addf("a workaround is stated, and said not to exist")
	}
	checkName(p, "domain", c.Domain)
	checkName(p, "vendor", c.Vendor)
	checkName(p, "model", c.Model)
	c.Versions.check(p)
	checkNames(p, "error code", c.Codes, MaxCodes)
	for _, code := range c.Codes[:min(len(c.Codes), MaxCodes)] {
		if n := len(strings.ReplaceAll(CanonicalCode(code), " ", "")); n < minCode || len(codeWords(code)) > maxCodeWords {
			p.Addf("%.64q is no error code: it has at least %d letters and digits, and at most %d words", code, minCode, maxCodeWords)
		}
	}
	checkNames(p, "configuration item", c.Items, MaxItems)
	checkNames(p, "class", c.Classes, MaxNames)
	checkNames(p, "service", c.Services, MaxNames)
	checkNames(p, "category", c.Categories, MaxNames)
	if len(c.Documents) > MaxDocuments {
		p.Addf("%d documents, at most %d", len(c.Documents), MaxDocuments)
	}
	for i, d := range c.Documents[:min(len(c.Documents), MaxDocuments)] {
		if d.Title == "" || len(d.Title) > workflow.MaxTitle || d.URL == "" || len(d.URL) > workflow.MaxTitle {
			p.Addf("document %d needs a title and a URL, each of at most %d bytes", i+1, workflow.MaxTitle)
		}
	}
}

// gaps lists what readers need and are not told.
func (c Content) gaps() []string {
	var gaps []string
	if c.Symptom == "" {
		gaps = append(gaps, "the symptom")
	}
	if c.Cause == "" && !c.CauseUnknown {
		gaps = append(gaps, "the cause, or that it is unknown")
	}
	if c.Workaround == "" && !c.NoWorkaround {
		gaps = append(gaps, "a workaround, or that there is none")
	}
	return gaps
}

func checkText(p *workflow.Problems, what, text string, needed bool) {
	switch {
	case needed && strings.TrimSpace(text) == "":
		p.Addf("%s is missing", what)
	case len(text) > workflow.MaxText:
		p.Addf("%s has %d bytes, at most %d", what, len(text), workflow.MaxText)
	}
}

func checkName(p *workflow.Problems, what, name string) {
	if len(name) > workflow.MaxKey {
		p.Addf("the %s has %d bytes, at most %d", what, len(name), workflow.MaxKey)
	}
}

func checkNames(p *workflow.Problems, what string, names []string, most int) {
	if len(names) > most {
		p.Addf("%s: %d are listed, at most %d", what, len(names), most)
	}
	for i, n := range names[:min(len(names), most)] {
		if n == "" || len(n) > workflow.MaxKey || slices.Contains(names[:i], n) {
			p.Add(fmt.Errorf("%s %d: has 1 to %d bytes and is listed once", what, i+1, workflow.MaxKey))
		}
	}
}
