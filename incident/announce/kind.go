package announce

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// Kind says what something is told about.
type Kind string

// The kinds.
const (
	Outage      Kind = "outage"      // something does not work as it should
	Change      Kind = "change"      // something is going to be changed
	Maintenance Kind = "maintenance" // something will not work for a while, as planned
	Information Kind = "information"
)

var kinds = []Kind{Outage, Change, Maintenance, Information}

// Severity is how bad it is for those who are told. Zero is not known, and below all.
type Severity uint8

// The severities.
const (
	Low Severity = iota + 1
	Medium
	High
	Critical
)

var severities = []string{"", "low", "medium", "high", "critical"}

// String gives "low", "medium", "high" or "critical".
func (s Severity) String() string {
	if s > Critical {
		return fmt.Sprintf("severity(%d)", uint8(s))
	}
	return severities[s]
}

// MarshalText implements [encoding.TextMarshaler].
func (s Severity) MarshalText() ([]byte, error) {
	if s > Critical {
		return nil, fmt.Errorf("announce: %v: %w", s, workflow.ErrInvalid)
	}
	return []byte(s.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown severities.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severities, string(text))
	if i < 0 {
		return fmt.Errorf("announce: severity %.32q, want low, medium, high or critical: %w", text, workflow.ErrInvalid)
	}
	*s = Severity(i)
	return nil
}

// Words are what people read, by language: {"en": {"title": "Mail is down"}}. The host
// picks the language of each reader.
type Words map[string]Wording

// Wording is a text in one language.
type Wording struct {
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
}

// Limits.
const (
	MaxWording   = 8 << 10   // bytes of a text
	MaxWords     = 128 << 10 // bytes in all languages together
	MaxLanguages = 50
	MaxAudience  = 1000 // entries of an audience
	MaxHarms     = 1000 // items of a bulletin
	MaxRounds    = 500  // times that people are told of one thing
)

func (w Words) validate(p *workflow.Problems) {
	if len(w) < 1 || len(w) > MaxLanguages {
		p.Addf("words in %d languages, must be 1 to %d", len(w), MaxLanguages)
	}
	bytes := 0
	for _, l := range sortedKeys(w) {
		t := w[l]
		bytes += len(t.Title) + len(t.Text)
		if !validName(l) {
			p.Addf("language %.64q must be a name such as en", l)
		}
		if strings.TrimSpace(t.Title) == "" || len(t.Title) > workflow.MaxTitle || len(t.Text) > MaxWording || !utf8.ValidString(t.Title+t.Text) {
			p.Addf("in %.32s a title of 1 to %d bytes is needed, and a text of at most %d", l, workflow.MaxTitle, MaxWording)
		}
	}
	if bytes > MaxWords {
		p.Addf("%d bytes in all languages together, at most %d", bytes, MaxWords)
	}
}

// title is the one that a record is called by.
func (w Words) title() string {
	for _, l := range sortedKeys(w) {
		return w[l].Title
	}
	return ""
}

func validName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	})
}

func validID(s string) bool { return s != "" && len(s) <= workflow.MaxKey && utf8.ValidString(s) }

func checkKind(p *workflow.Problems, k Kind) {
	if !slices.Contains(kinds, k) {
		p.Addf("kind %.32q, want one of %q", k, kinds)
	}
}
