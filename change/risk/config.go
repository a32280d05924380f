package risk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// MaxConfig is the size of a configuration in JSON, in bytes.
const MaxConfig = 256 << 10

// Config says how the risk of changes is assessed, as data. Each method is
// optional; there must be one.
type Config struct {
	Questionnaire *Questionnaire `json:"questionnaire,omitempty"`
	Rules         []Rule         `json:"rules,omitempty"`
	Impact        *ImpactModel   `json:"impact,omitempty"`
	History       *HistoryModel  `json:"history,omitempty"`
}

// Parse decodes a configuration from JSON and checks it with [Config.Validate].
// Fields that a configuration does not have are refused, and so is what follows
// behind it. Every error matches [ErrInvalid].
func Parse(data []byte) (Config, error) {
	if len(data) > MaxConfig {
		return Config{}, fmt.Errorf("risk: configuration of %d bytes, at most %d: %w", len(data), MaxConfig, ErrInvalid)
	}
	var c Config
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("risk: configuration: %w: %w", ErrInvalid, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Config{}, fmt.Errorf("risk: configuration: %w: more follows behind the JSON value", ErrInvalid)
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Validate reports everything that is wrong with the configuration in one error
// that matches [ErrInvalid]: what is missing or out of its limits, and what could
// never have an effect, such as a rule that an earlier one hides, a level that no
// answers reach, or a score that has no level.
func (c Config) Validate() error {
	var p problems
	if c.Questionnaire == nil && len(c.Rules) == 0 && c.History == nil && c.Impact == nil {
		p.addf("no method: needs a questionnaire, rules, impact or history")
	}
	if c.Questionnaire != nil {
		c.Questionnaire.validate(&p)
	}
	validateRules(&p, c.Rules)
	if c.History != nil {
		c.History.validate(&p)
	}
	if c.Impact != nil {
		c.Impact.validate(&p)
	}
	if len(p.errs) == 0 {
		c.unreachable(&p)
	}
	return p.err("configuration")
}

// Clone returns a copy that shares nothing with c.
func (c Config) Clone() Config {
	c.Questionnaire, c.History, c.Impact = c.Questionnaire.clone(), c.History.clone(), c.Impact.clone()
	c.Rules = slices.Clone(c.Rules)
	for i := range c.Rules {
		c.Rules[i].When = cloneTests(c.Rules[i].When)
	}
	return c
}

// numeric lists the facts that some test takes as a number, sorted.
func (c Config) numeric() []string {
	var facts []string
	add := func(when []Test) {
		for _, t := range when {
			if t.numeric() {
				facts = append(facts, t.Fact)
			}
		}
	}
	if c.Questionnaire != nil {
		for _, q := range c.Questionnaire.Questions {
			add(q.When)
		}
	}
	for _, r := range c.Rules {
		add(r.When)
	}
	return names(facts)
}
