package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Limits of what is read; an incident beyond them is refused.
const (
	MaxIncidents  = 5_000_000
	MaxAttributes = 32     // of one incident
	MaxText       = 512    // bytes of an id, a dimension or a value
	MaxTitle      = 4096   // bytes
	MaxDays       = 40_000 // from the first incident to the last
)

// Words is the dimension of the words and pairs of neighbouring words that titles are
// made of. Incidents cannot have attributes of it themselves.
const Words = "words"

// An Attribute is a value that an incident has: configuration item db-7, category
// E-mail, site Plant 1. The names of the dimensions are the host's.
type Attribute struct {
	Dimension string `json:"dimension"`
	Value     string `json:"value"`
}

// String writes an attribute for people.
func (a Attribute) String() string {
	if a.Dimension == Words {
		return fmt.Sprintf("words %q", a.Value)
	}
	return a.Dimension + " " + a.Value
}

func (a Attribute) compare(b Attribute) int {
	return cmp.Or(cmp.Compare(a.Dimension, b.Dimension), cmp.Compare(a.Value, b.Value))
}

// An Incident is what detection knows of one incident. It is a copy: detection neither
// reads nor changes the records of a service desk.
type Incident struct {
	ID     string    `json:"id"`
	Number string    `json:"number,omitempty"` // for people; the ID where empty
	Opened time.Time `json:"opened"`
	Title  string    `json:"title,omitempty"` // its words are looked at
	// Attributes may have several values of a dimension, as of configuration items. An
	// attribute without value says nothing and is not counted.
	Attributes []Attribute `json:"attributes,omitempty"`
	Caller     string      `json:"caller,omitempty"` // to tell many callers from one; not counted itself
	// Cost is in the smallest unit of one currency, the same for all incidents.
	Cost     int64         `json:"cost,omitempty"`
	Downtime time.Duration `json:"downtime,omitempty"`
}

// ParseIncidents reads a JSON array of incidents. Fields that an incident does not have
// are refused. What is wrong within an incident is said when it is used.
func ParseIncidents(data []byte) ([]Incident, error) {
	var list []Incident
	if err := workflow.ParseJSON(data, "detect: incidents", &list); err != nil {
		return nil, err
	}
	return list, nil
}

// name is what people call the incident.
func (i *Incident) name() string { return cmp.Or(i.Number, i.ID) }

// collect reads a stream in whatever order it comes, and returns it by time.
func collect(stream iter.Seq[Incident]) ([]Incident, error) {
	var p workflow.Problems
	var list []Incident
	bad := 0
	for inc := range stream {
		if len(list) == MaxIncidents {
			p.Addf("more than %d incidents", MaxIncidents)
			break
		}
		if why := inc.faults(); len(why) > 0 {
			if bad++; bad <= maxFaults {
				p.Addf("incident %q: %s", clip(inc.ID), strings.Join(why, "; "))
			}
			continue
		}
		list = append(list, inc)
	}
	slices.SortFunc(list, func(a, b Incident) int { return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID)) })
	seen := make(map[string]struct{}, len(list))
	for i := range list {
		if _, twice := seen[list[i].ID]; twice {
			if bad++; bad <= maxFaults {
				p.Addf("incident %q: comes twice", list[i].ID)
			}
		}
		seen[list[i].ID] = struct{}{}
	}
	if bad > maxFaults {
		p.Addf("%d more incidents are wrong", bad-maxFaults)
	}
	return list, p.Err("detect: incidents")
}

const maxFaults = 50 // that are told one by one

func (i *Incident) faults() (why []string) {
	if i.ID == "" || len(i.ID) > MaxText || len(i.Number) > MaxText || len(i.Caller) > MaxText {
		why = append(why, fmt.Sprintf("the id is from 1 to %d bytes long, number and caller are no longer", MaxText))
	}
	if y := i.Opened.UTC().Year(); i.Opened.IsZero() || y < 1 || y > 9999 {
		why = append(why, "it was opened at a time of the years 1 to 9999")
	}
	if len(i.Title) > MaxTitle {
		why = append(why, fmt.Sprintf("the title is longer than %d bytes", MaxTitle))
	}
	if len(i.Attributes) > MaxAttributes {
		why = append(why, fmt.Sprintf("%d attributes are more than %d", len(i.Attributes), MaxAttributes))
	}
	for _, a := range i.Attributes {
		if a.Dimension == "" || a.Dimension == Words || len(a.Dimension) > MaxText || len(a.Value) > MaxText {
			why = append(why, fmt.Sprintf("attribute %q: a dimension has a name other than %q, and texts are no longer than %d bytes", clip(a.Dimension), Words, MaxText))
		}
	}
	if i.Cost < 0 || i.Cost > maxAmount || i.Downtime < 0 || i.Downtime > maxDowntime {
		why = append(why, "cost and downtime are not negative, nor beyond 10^12 and ten years")
	}
	return why
}

// With these the sums over MaxIncidents do not overflow: 5·10^18 is below 2^63. Sums
// of downtime stop at the longest duration there is.
const (
	maxAmount   = 1_000_000_000_000
	maxDowntime = 10 * 366 * 24 * time.Hour
)

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// A Key is what the incidents of a proposal have in common: one attribute or two of
// different dimensions.
type Key []Attribute

// String writes a key for people: "category E-mail, site Plant 1".
func (k Key) String() string {
	parts := make([]string, len(k))
	for i, a := range k {
		parts[i] = a.String()
	}
	return strings.Join(parts, ", ")
}

// Fingerprint is the same for the same key on every day and in every process. It does
// not depend on the order of the attributes.
func (k Key) Fingerprint() string {
	sorted := slices.SortedFunc(slices.Values(k), Attribute.compare)
	text, err := json.Marshal(sorted)
	if err != nil { // strings always marshal
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func (k Key) equal(other Key) bool { return k.Fingerprint() == other.Fingerprint() }
