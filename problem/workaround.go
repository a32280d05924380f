package problem

import (
	"context"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Text is a version of a text.
type Text struct {
	Version int       `json:"version"` // 1, 2, …
	Text    string    `json:"text"`    // empty: there is no workaround any more
	At      time.Time `json:"at"`
	By      string    `json:"by"`
}

// MaxVersions is how many versions of a workaround are kept with the problem; older
// ones remain in the history.
const MaxVersions = 50

// SetWorkaround says how to live with the problem until it is solved, in at most
// [MaxTold] bytes; an empty text withdraws the workaround. The same text again is no
// new version. It is told to incidents by [Service.CommunicateWorkaround]. A problem
// that is closed because its risk is accepted can have one too.
func (s *Service) SetWorkaround(ctx context.Context, actor workflow.Actor, id workflow.ID, text string) (*Problem, error) {
	return s.run(ctx, actor, id, "set_workaround", func(st *step) error {
		if err := st.authorize(RoleManager, RoleCoordinator, RoleAssignee, RoleAnalyst, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.relevant(); err != nil {
			return err
		}
		var p workflow.Problems
		if len(text) > MaxTold {
			p.Addf("a workaround has at most %d bytes, not %d", MaxTold, len(text))
		}
		if err := p.Err("problem: " + st.p.Name()); err != nil {
			return err
		}
		if text == st.p.Workaround() {
			return nil
		}
		version := 1
		if n := len(st.p.Workarounds); n > 0 {
			version = st.p.Workarounds[n-1].Version + 1
		}
		st.p.Workarounds = append(st.p.Workarounds, Text{Version: version, Text: text, At: st.tx.Now(), By: actor.ID})
		if n := len(st.p.Workarounds); n > MaxVersions {
			st.p.Workarounds = st.p.Workarounds[n-MaxVersions:]
		}
		return nil
	})
}
