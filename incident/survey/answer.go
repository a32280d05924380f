package survey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// Answers are what somebody answers, by the name of the question: a number for ratings
// and NPS, "yes" or "no", the name of an option, or words.
type Answers map[string]string

// Asked lists the questions that are put to somebody who has answered so far as given,
// in their order: all without a condition, and those whose condition holds.
func (s *Survey) Asked(so Answers) []Question {
	var asked []Question
	for _, q := range s.def.Clone().Questions {
		if s.asks(q, so) {
			asked = append(asked, q)
		}
	}
	return asked
}

// asks follows conditions backwards; they only lead to earlier questions, so it ends.
func (s *Survey) asks(q Question, so Answers) bool {
	if q.If == nil {
		return true
	}
	before, ok := s.question(q.If.Question)
	return ok && q.If.holds(so) && s.asks(before, so)
}

func (g Given) holds(so Answers) bool {
	v, answered := so[g.Question]
	return answered && slices.Contains(g.In, v)
}

func (s *Survey) question(name string) (Question, bool) {
	i := slices.IndexFunc(s.def.Questions, func(q Question) bool { return q.Name == name })
	if i < 0 {
		return Question{}, false
	}
	return s.def.Questions[i], true
}

// ParseAnswers reads answers written as a JSON object and checks them.
func (s *Survey) ParseAnswers(data []byte) (Answers, error) {
	var a Answers
	if err := workflow.ParseJSON(data, "survey: answers", &a); err != nil {
		return nil, err
	}
	return s.Check(a)
}

// Check returns the answers without those that are empty, or one error, matching
// [workflow.ErrInvalid], that lists every wrong answer, every one to a question that is
// unknown or not asked, and every required one that is missing.
func (s *Survey) Check(a Answers) (Answers, error) {
	var p workflow.Problems
	given := maps.Clone(a)
	maps.DeleteFunc(given, func(_, v string) bool { return strings.TrimSpace(v) == "" })
	for _, name := range slices.Sorted(maps.Keys(given)) {
		q, ok := s.question(name)
		switch {
		case !ok:
			p.Addf("there is no question %.64q", name)
		case !s.asks(q, given):
			p.Addf("%s is not asked: it depends on the answer to %s", name, q.If.Question)
		default:
			p.Add(q.check(given[name]))
		}
	}
	for _, q := range s.def.Questions {
		if _, answered := given[q.Name]; q.Required && !answered && s.asks(q, given) {
			p.Addf("%s must be answered", q.Name)
		}
	}
	if len(given) == 0 {
		p.Addf("nothing is answered")
	}
	if err := p.Err(fmt.Sprintf("survey: answers to %s version %d", s.def.Name, s.def.Version)); err != nil {
		return nil, err
	}
	return given, nil
}

// check tells what is wrong with an answer to the question.
func (q Question) check(v string) error {
	n, isNumber := number(v)
	switch q.Kind {
	case Rating:
		if !isNumber || n < 1 || n > q.Scale {
			return fmt.Errorf("%s: %.64q is not a number from 1 to %d", q.Name, v, q.Scale)
		}
	case NPS:
		if !isNumber || n < 0 || n > 10 {
			return fmt.Errorf("%s: %.64q is not a number from 0 to 10", q.Name, v)
		}
	case YesNo:
		if v != "yes" && v != "no" {
			return fmt.Errorf("%s: %.64q is not yes or no", q.Name, v)
		}
	case Choice:
		if !slices.ContainsFunc(q.Options, func(o Option) bool { return o.Name == v }) {
			return fmt.Errorf("%s: %.64q is none of its %d options", q.Name, v, len(q.Options))
		}
	case Words:
		if len(v) > MaxWords || !utf8.ValidString(v) {
			return fmt.Errorf("%s: %d bytes, must be text of at most %d", q.Name, len(v), MaxWords)
		}
	}
	return nil
}
