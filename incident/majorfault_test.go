package incident_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

func majorStory(inc *incident.Incident) string {
	b, err := json.Marshal(inc.Major)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// majorCommands take one incident through the life of a major one. Another is rejected,
// one is demoted, and for one nobody sends the updates that are owed.
func majorCommands() []command {
	type service = *incident.Service
	type id = workflow.ID
	propose := func(ctx context.Context, s service, id id) (*incident.Incident, error) {
		return s.ProposeMajor(ctx, ann, id, because, impact)
	}
	promote := func(ctx context.Context, s service, id id) (*incident.Incident, error) {
		return s.PromoteMajor(ctx, mia, id, because, impact)
	}
	return []command{
		as("pay", ""), as("too", "pay"), as("no", ""), as("silent", ""),
		on("pay", "propose", propose), on("no", "propose", propose), on("silent", "promote", promote),
		on("no", "reject", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.RejectMajor(ctx, mia, id, "one shop")
		}),
		on("pay", "accept", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.AcceptMajor(ctx, mia, id, "")
		}),
		on("no", "promote", promote),
		on("no", "demote", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.DemoteMajor(ctx, mia, id, "one shop")
		}),
		on("pay", "role", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.TakeRole(ctx, mia, id, major.Communications, "cleo", "")
		}),
		on("pay", "bridge", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.OpenBridge(ctx, mia, id, "https://meet.example/1")
		}),
		on("pay", "join", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.AttendBridge(ctx, dora, id, "dora", true)
		}),
		on("pay", "update", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.PostUpdate(ctx, mia, id, major.Draft{Text: "We look.", Children: true})
		}),
		on("pay", "mitigate", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.MarkMajor(ctx, mia, id, major.Mitigated, monday, "restart")
		}),
		on("pay", "note", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.NoteMajor(ctx, mia, id, monday, "the bank called")
		}),
		on("pay", "resolve", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.Resolve(ctx, ben, id, "fixed", "done")
		}),
		on("pay", "say so", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.PostUpdate(ctx, mia, id, major.Draft{Text: "It works."})
		}),
		on("pay", "review", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			text := "words"
			return s.WriteReview(ctx, mia, id, major.Words{Overview: &text, Findings: &text, Resolution: &text})
		}),
		on("pay", "act", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.AddReviewAction(ctx, mia, id, "Learn", "dora", monday.Add(48*time.Hour))
		}),
		on("pay", "close", func(ctx context.Context, s service, id id) (*incident.Incident, error) {
			return s.Close(ctx, mia, id)
		}),
	}
}

func TestMajorIncidentsSurviveEveryFaultOfTheirStore(t *testing.T) {
	t.Parallel()
	survives(t, majorCommands(), planned(t))
}
