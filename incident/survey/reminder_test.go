package survey_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
)

func TestAnInvitationIsNoReminder(t *testing.T) {
	for _, row := range []struct {
		rule   string
		remind []survey.Duration
		told   []string
	}{
		{"both go out", []survey.Duration{survey.Duration(2 * time.Hour), survey.Duration(4 * time.Hour)}, []string{"survey.invited 0", "survey.reminded 1", "survey.reminded 2"}},
		{"the second would fall into the night, and by the morning the survey has expired", []survey.Duration{survey.Duration(2 * time.Hour), survey.Duration(10 * time.Hour)},
			[]string{"survey.invited 0", "survey.reminded 1"}},
		{"so would the only one", []survey.Duration{survey.Duration(10 * time.Hour)}, []string{"survey.invited 0"}},
	} {
		w := standard(t, func(d *survey.Definition) {
			d.Hours, d.Delay, d.Remind, d.Expires = officeHours(t), survey.Delay{}, row.remind, survey.Duration(12*time.Hour)
		})
		w.invite()
		w.pass(24 * time.Hour)
		var told []string
		for _, m := range w.sent {
			told = append(told, fmt.Sprintf("%s %d", m.topic, m.Notice.Reminder))
		}
		require.Equal(t, row.told, told, row.rule)
	}
}
