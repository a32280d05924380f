package survey

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Sampling asks on a share of the records only (GLPI: the rate of an entity's survey;
// ServiceNow: a probability). Which ones, a hash of record and seed decides: the same
// again gives the same, and a higher rate asks on the same records and more.
type Sampling struct {
	Rate  Rate            `json:"rate"`
	Seed  string          `json:"seed,omitempty"`  // another one draws another sample
	By    string          `json:"by,omitempty"`    // a fact of the record, such as "entity"
	Rates map[string]Rate `json:"rates,omitempty"` // by that fact's value; Rate is for all others
}

// Rate is a share in hundredths of a percent. JSON writes it as text: "12.5%".
type Rate int

// Full is the rate of 100%.
const Full Rate = 100_00

// String writes the rate with as few digits as it needs: "12.5%".
func (r Rate) String() string {
	text := fmt.Sprintf("%d.%02d", r/100, r%100)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "%"
}

// MarshalText implements [encoding.TextMarshaler].
func (r Rate) MarshalText() ([]byte, error) {
	if r < 0 || r > Full {
		return nil, fmt.Errorf("survey: rate of %d hundredths of a percent, must be 0 to %d: %w", int(r), int(Full), workflow.ErrInvalid)
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads "0%" to "100%", with at most two decimal places.
func (r *Rate) UnmarshalText(text []byte) error {
	whole, rest, point := strings.Cut(strings.TrimSuffix(string(text), "%"), ".")
	places := len(rest)
	n, err := strconv.ParseUint(whole+rest+strings.Repeat("0", max(0, 2-places)), 10, 16)
	if !strings.HasSuffix(string(text), "%") || whole == "" || point != (places > 0) || places > 2 || err != nil || Rate(n) > Full {
		return fmt.Errorf("survey: %.32q is not a rate such as \"12.5%%\", from 0%% to 100%%: %w", text, workflow.ErrInvalid)
	}
	*r = Rate(n)
	return nil
}

func (s *Sampling) validate(p *workflow.Problems) {
	bad := func(r Rate) bool { return r < 0 || r > Full }
	if bad(s.Rate) || slices.ContainsFunc(slices.Collect(maps.Values(s.Rates)), bad) {
		p.Addf("a rate is from 0%% to 100%%")
	}
	if (s.By != "") != (len(s.Rates) > 0) || s.By != "" && !validName(s.By) {
		p.Addf("rates by a fact need the fact's name and at least one rate")
	}
	if len(s.Rates) > 10_000 || len(s.Seed) > workflow.MaxKey {
		p.Addf("at most 10000 rates, and a seed of at most %d bytes", workflow.MaxKey)
	}
}

// Samples reports whether the survey asks on a record, given the record's facts.
func (s *Survey) Samples(record workflow.Ref, facts map[string]string) bool {
	sampling := s.def.Sampling
	if sampling == nil {
		return true
	}
	rate := sampling.Rate
	if r, ok := sampling.Rates[facts[sampling.By]]; ok && sampling.By != "" {
		rate = r
	}
	sum := sha256.Sum256([]byte(sampling.Seed + "\x00" + s.def.Name + "\x00" + record.String()))
	place, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:8]), uint64(Full)) // 0 to Full-1, evenly
	return place < uint64(rate)
}
