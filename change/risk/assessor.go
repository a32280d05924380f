package risk

// Assessor assesses the risk of changes by one configuration. It is immutable and
// safe for concurrent use.
type Assessor struct {
	config  Config
	history HistoryModel // with its defaults
	numeric []string     // facts that have to be numbers
}

// Input is what is known of one change.
type Input struct {
	Facts   Facts             `json:"facts,omitempty"`
	Answers map[string]string `json:"answers,omitempty"` // question and choice, by their ids
	// Impact is what people state; [GradeUnknown] if they do not.
	Impact Grade `json:"impact,omitzero"`
	// History is of similar changes. Zero: none is known.
	History History `json:"history,omitzero"`
	// Effects are needed if the configuration has an [ImpactModel]; without any
	// effect it is &Effects{}. Only what is known to be harmless is of low impact.
	Effects *Effects `json:"effects,omitempty"`
}

// New makes an assessor. The configuration is copied; what is wrong with it is
// told by [Config.Validate].
func New(c Config) (*Assessor, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	a := &Assessor{config: c.Clone(), numeric: c.numeric()}
	if c.History != nil {
		a.history = a.config.History.withDefaults()
	}
	return a, nil
}

// Config returns a copy of the configuration.
func (a *Assessor) Config() Config { return a.config.Clone() }

// Questions lists the questions to be asked about a change, in their order; none
// without a questionnaire. Facts that are wrong are an error matching [ErrInvalid].
func (a *Assessor) Questions(f Facts) ([]Question, error) {
	var p problems
	p.facts(f, a.numeric)
	if err := p.err("facts"); err != nil || a.config.Questionnaire == nil {
		return nil, err
	}
	asked := a.config.Questionnaire.asked(f)
	for i := range asked {
		asked[i] = asked[i].clone()
	}
	return asked, nil
}

// Assess assesses one change by every method of the configuration; the highest
// level counts. There is no assessment of half of the input: everything that is
// missing or wrong, such as the questions that are not answered, is told in one
// error that matches [ErrInvalid]. Until then a change is [Unassessed], which
// policies should treat like a high risk.
func (a *Assessor) Assess(in Input) (Assessment, error) {
	if err := a.check(in); err != nil {
		return Assessment{}, err
	}
	out := Assessment{Impact: in.Impact}
	add := func(c Contribution) {
		out.Level = max(out.Level, c.Level)
		out.Contributions = append(out.Contributions, c)
	}
	if q := a.config.Questionnaire; q != nil {
		add(q.assess(in.Facts, in.Answers))
	}
	if len(a.config.Rules) > 0 {
		c, impact := byRules(a.config.Rules, in.Facts)
		out.Impact = max(out.Impact, impact)
		add(c)
	}
	if m := a.config.Impact; m != nil {
		c, impact := m.assess(*in.Effects)
		out.Impact = max(out.Impact, impact)
		add(c)
	}
	if a.config.History != nil { // the last: it needs the impact
		add(a.history.assess(in.History, out.Impact))
	}
	return out, nil
}

func (a *Assessor) check(in Input) error {
	var p problems
	p.facts(in.Facts, a.numeric)
	p.grade("impact", in.Impact, GradeUnknown)
	in.History.validate(&p)
	if q := a.config.Questionnaire; q != nil {
		q.answers(&p, in.Facts, in.Answers)
	}
	switch {
	case in.Effects != nil:
		in.Effects.validate(&p)
	case a.config.Impact != nil:
		p.addf("the effects of the change are not known")
	}
	return p.err("input")
}
