package incident

import (
	"bytes"
	"encoding/json"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

// Verify checks an incident against its history beyond what
// [workflow.VerifyDocument] does: the clocks, derived again from the events
// alone, must be the clocks stored. A difference is a [*workflow.ChainError]. It
// can be given to [workflow.VerifyStore].
func (s *Service) Verify(doc workflow.Document, events []workflow.Event) error {
	var replay workflow.Replayer
	var clocks []sla.Clock
	for _, e := range events {
		if err := replay.Apply(e); err != nil {
			return err
		}
		raw, err := replay.State()
		if err != nil {
			return err
		}
		inc, err := s.kind.Decode(workflow.Document{Ref: doc.Ref, Version: e.Version, Schema: doc.Schema,
			Created: doc.Created, Updated: e.At, Body: workflow.RawBody(raw)})
		if err != nil {
			return err
		}
		clocks, _, err = s.engine.Advance(clocks, s.slaFacts(inc), e.At, cause(inc))
		if err != nil {
			return err
		}
		if !sameClocks(clocks, inc.Clocks) {
			return &workflow.ChainError{Ref: doc.Ref, Version: e.Version,
				Problem: "the clocks stored are not those that follow from the events"}
		}
	}
	return nil
}

func sameClocks(a, b []sla.Clock) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	if len(a) == 0 && len(b) == 0 {
		return true
	}
	return errA == nil && errB == nil && bytes.Equal(x, y)
}
