package risk

import (
	"fmt"
	"maps"
	"slices"
)

// Limits of a questionnaire.
const (
	MaxQuestions = 100
	MaxChoices   = 50   // of one question
	MaxScore     = 1000 // of one choice, above or below zero
	MaxWeight    = 1000
)

// Questionnaire asks people about a change. The score is the sum of the scores of
// the answers, each times the weight of its question; the last threshold that the
// score is greater than gives the level (ServiceNow: change risk assessment).
//
// Change a questionnaire by giving it the next version: an assessment keeps the
// version by which it was made.
type Questionnaire struct {
	Name       string      `json:"name"`
	Version    int         `json:"version"` // from 1
	Questions  []Question  `json:"questions"`
	Thresholds []Threshold `json:"thresholds"` // ascending, by score and by level
}

// Question is answered by one of its choices.
type Question struct {
	ID       string   `json:"id"`
	Text     string   `json:"text"`
	When     []Test   `json:"when,omitempty"`     // asked only if all hold; none = always
	Optional bool     `json:"optional,omitempty"` // without an answer it scores 0
	Weight   int      `json:"weight,omitempty"`   // 0 = 1
	Choices  []Choice `json:"choices"`
}

// Choice is one answer to a question. A score below zero is for what makes a
// change safer.
type Choice struct {
	ID    string `json:"id"`
	Text  string `json:"text"`
	Score int    `json:"score"`
}

// Threshold gives a level to the scores that are greater than Above.
type Threshold struct {
	Above int   `json:"above"`
	Level Level `json:"level"`
}

func (q Question) weight() int { return max(1, q.Weight) }

func (q Question) choice(id string) (Choice, bool) {
	i := slices.IndexFunc(q.Choices, func(c Choice) bool { return c.ID == id })
	if i < 0 {
		return Choice{}, false
	}
	return q.Choices[i], true
}

func (q Question) clone() Question {
	q.When, q.Choices = cloneTests(q.When), slices.Clone(q.Choices)
	return q
}

func (q *Questionnaire) clone() *Questionnaire {
	if q == nil {
		return nil
	}
	c := *q
	c.Questions, c.Thresholds = slices.Clone(q.Questions), slices.Clone(q.Thresholds)
	for i := range c.Questions {
		c.Questions[i] = c.Questions[i].clone()
	}
	return &c
}

// asked lists the questions that the facts raise.
func (q *Questionnaire) asked(f Facts) []Question {
	var asked []Question
	for _, question := range q.Questions {
		if matches(question.When, f) {
			asked = append(asked, question)
		}
	}
	return asked
}

// answers checks that every question that has to be answered is, by a choice that
// it has.
func (q *Questionnaire) answers(p *problems, f Facts, answers map[string]string) {
	if len(answers) > MaxQuestions {
		p.addf("%d answers, a questionnaire has at most %d questions", len(answers), MaxQuestions)
		return
	}
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		i := slices.IndexFunc(q.Questions, func(o Question) bool { return o.ID == id })
		if i < 0 {
			p.addf("answer to %.64q: there is no such question", id)
			continue
		}
		if _, ok := q.Questions[i].choice(answers[id]); !ok && answers[id] != "" {
			p.addf("question %.64q: %.64q is none of its choices", id, answers[id])
		}
	}
	for _, question := range q.asked(f) {
		if answers[question.ID] == "" && !question.Optional {
			p.addf("question %.64q is not answered: %s", question.ID, question.Text)
		}
	}
}

// assess adds up the answers. An answer to a question that is not asked any more
// does not count.
func (q *Questionnaire) assess(f Facts, answers map[string]string) Contribution {
	c := Contribution{Method: ByQuestionnaire, Name: q.Name, Version: q.Version}
	for _, question := range q.asked(f) {
		choice, ok := question.choice(answers[question.ID])
		if !ok {
			continue
		}
		score := choice.Score * question.weight()
		text := fmt.Sprintf("%s %s: %d", question.Text, choice.Text, score)
		if w := question.weight(); w > 1 {
			text = fmt.Sprintf("%s %s: %d x %d = %d", question.Text, choice.Text, choice.Score, w, score)
		}
		c.Score += score
		c.Points = append(c.Points, Point{Item: question.ID, Score: score, Text: text})
	}
	if len(c.Points) == 0 {
		c.Text = "nothing is answered"
		return c
	}
	c.Text = fmt.Sprintf("a score of %d reaches no threshold", c.Score)
	for _, t := range q.Thresholds {
		if c.Score > t.Above {
			c.Level, c.Text = t.Level, fmt.Sprintf("a score of %d is greater than %d", c.Score, t.Above)
		}
	}
	return c
}

func (q *Questionnaire) validate(p *problems) {
	p.name("questionnaire", q.Name)
	p.between("questionnaire: version", q.Version, 1, 1<<30)
	p.between("questionnaire: number of questions", len(q.Questions), 1, MaxQuestions)
	p.between("questionnaire: number of thresholds", len(q.Thresholds), 1, int(VeryHigh))
	if len(q.Questions) > MaxQuestions || len(q.Thresholds) > int(VeryHigh) {
		return
	}
	for i, question := range q.Questions {
		question.validate(p, i)
		if slices.ContainsFunc(q.Questions[:i], func(o Question) bool { return o.ID == question.ID }) {
			p.addf("question %.64q is there twice", question.ID)
		}
	}
	for i, t := range q.Thresholds {
		p.level(fmt.Sprintf("threshold above %d", t.Above), t.Level)
		if i > 0 && (t.Above <= q.Thresholds[i-1].Above || t.Level <= q.Thresholds[i-1].Level) {
			p.addf("threshold above %d: thresholds must ascend, by score and by level", t.Above)
		}
	}
	q.reach(p)
}

func (q Question) validate(p *problems, i int) {
	where := fmt.Sprintf("question %.64q", q.ID)
	p.name(fmt.Sprintf("question %d", i+1), q.ID)
	p.text(where, q.Text)
	p.between(where+": weight", q.Weight, 0, MaxWeight)
	p.condition(where, q.When)
	p.between(where+": number of choices", len(q.Choices), 2, MaxChoices)
	if len(q.Choices) > MaxChoices {
		return
	}
	for j, c := range q.Choices {
		p.name(fmt.Sprintf("%s: choice %d", where, j+1), c.ID)
		p.text(fmt.Sprintf("%s: choice %.64q", where, c.ID), c.Text)
		p.between(fmt.Sprintf("%s: choice %.64q: score", where, c.ID), c.Score, -MaxScore, MaxScore)
		if slices.ContainsFunc(q.Choices[:j], func(o Choice) bool { return o.ID == c.ID }) {
			p.addf("%s: choice %.64q is there twice", where, c.ID)
		}
	}
}

// reach finds scores without a level, and levels without a score. The bounds leave
// out that conditions may exclude each other, so what is told of a level is
// certain.
func (q *Questionnaire) reach(p *problems) {
	if len(p.errs) > 0 || len(q.Thresholds) == 0 {
		return
	}
	least, most := 0, 0
	for _, question := range q.Questions {
		low, high := question.bounds()
		least, most = least+low, most+high
	}
	if lowest := q.Thresholds[0].Above; least <= lowest {
		p.addf("threshold above %d: answers may add up to %d, which would have no level: the lowest threshold must be below that", lowest, least)
	}
	for _, t := range q.Thresholds {
		if t.Above >= most {
			p.addf("threshold above %d: level %s is never reached: answers add up to %d at most", t.Above, t.Level, most)
		}
	}
}

func (q Question) bounds() (low, high int) {
	scores := make([]int, 0, len(q.Choices)+1)
	for _, c := range q.Choices {
		scores = append(scores, c.Score*q.weight())
	}
	if q.Optional || len(q.When) > 0 {
		scores = append(scores, 0)
	}
	return slices.Min(scores), slices.Max(scores)
}
