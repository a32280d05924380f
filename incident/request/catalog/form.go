package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Question is a field of an order form, and when it is asked.
type Question struct {
	workflow.Field        // required: whenever it is asked
	Help           string `json:"help,omitempty"`
	ShowIf         []Test `json:"show_if,omitempty"`      // asked only then; none = always
	MustIf         []Test `json:"mandatory_if,omitempty"` // required then; none = as required says
	Default        any    `json:"default,omitempty"`      // the answer if it is asked and none is given
}

// form is the compiled questions of an item or a bundle.
type form struct {
	questions []Question
	schema    workflow.Schema // without what is required, which depends
}

// MaxQuestions is the most questions of one form.
const MaxQuestions = workflow.MaxFields

func compileForm(p *workflow.Problems, where string, questions []Question, s scope) *form {
	f := &form{questions: questions}
	fields := make([]workflow.Field, len(questions))
	for i, q := range questions {
		fields[i] = q.Field
		fields[i].Required = false
		at := where + ": question " + q.Name
		known := s.answered(questions[:i])
		known.check(p, at+", show_if", q.ShowIf)
		known.check(p, at+", mandatory_if", q.MustIf)
		if len(q.Help) > workflow.MaxText {
			p.Addf("%s: the help has at most %d bytes", at, workflow.MaxText)
		}
	}
	var err error
	if f.schema, err = workflow.NewSchema(fields...); err != nil {
		p.Addf("%s: %w", where, err)
		return f
	}
	for i := range questions {
		q := &questions[i]
		if q.Default == nil {
			continue
		}
		normal, err := f.schema.Check(map[string]any{q.Name: q.Default})
		if err != nil {
			p.Addf("%s: question %s: default: %w", where, q.Name, err)
			continue
		}
		q.Default = normal[q.Name]
	}
	return f
}

// asked walks through the form, and tells of each question whether it is asked, given the
// answers before it. The answers to questions that are not asked do not count.
func (f *form) asked(answers workflow.Fields, who facts, each func(q *Question, asked, must bool)) facts {
	known := maps.Clone(who)
	for i := range f.questions {
		q := &f.questions[i]
		asked := all(q.ShowIf, known)
		each(q, asked, asked && (q.Required || len(q.MustIf) > 0 && all(q.MustIf, known)))
		if v, ok := answers[q.Name]; ok && asked && v != "" {
			known["answer."+q.Name] = []string{text(v)}
		}
	}
	return known
}

// check returns the answers in normal form, defaults filled in. A draft may leave out what
// is mandatory.
func (f *form) check(given map[string]any, who facts, draft bool) (workflow.Fields, facts, error) {
	answers, err := f.schema.Check(given)
	if err != nil {
		return nil, nil, err
	}
	if answers == nil {
		answers = workflow.Fields{}
	}
	var p workflow.Problems
	known := f.asked(answers, who, func(q *Question, asked, must bool) {
		v, ok := answers[q.Name]
		switch {
		case !asked && ok:
			p.Addf("%s is not asked unless %v", q.Name, q.ShowIf)
		case asked && !ok && q.Default != nil:
			answers[q.Name] = q.Default
		case must && (!ok || v == "") && !draft:
			p.Addf("%s is mandatory", q.Name)
		}
	})
	if err := p.Err("answers"); err != nil {
		return nil, nil, err
	}
	if len(answers) == 0 {
		answers = nil
	}
	return answers, known, nil
}

// trim leaves out what the form does not ask, once its defaults are filled in.
func (f *form) trim(answers map[string]any, who facts) map[string]any {
	normal, err := f.schema.Check(answers)
	if err != nil {
		return answers // which says so when they are checked
	}
	kept, known := map[string]any{}, workflow.Fields{}
	f.asked(known, who, func(q *Question, asked, _ bool) {
		v, ok := normal[q.Name]
		switch {
		case asked && ok:
			kept[q.Name], known[q.Name] = v, v
		case asked && q.Default != nil:
			known[q.Name] = q.Default
		}
	})
	return kept
}

func (f *form) question(name string) *Question {
	i := slices.IndexFunc(f.questions, func(q Question) bool { return q.Name == name })
	if i < 0 {
		return nil
	}
	return &f.questions[i]
}

// fits reports what keeps an answer to one question from being one to another.
func fits(from, to *Question) error {
	if from.Type != to.Type {
		return fmt.Errorf("%s is a %s and %s a %s", from.Name, from.Type, to.Name, to.Type)
	}
	for _, v := range from.Values {
		if !slices.Contains(to.Values, v) {
			return fmt.Errorf("%s may be %q, which %s does not know", from.Name, v, to.Name)
		}
	}
	return nil
}
