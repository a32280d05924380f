package cmdb_test

import (
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestWhenNoticeMustBeGiven(t *testing.T) {
	for _, c := range []struct {
		name     string
		contract cmdb.Contract
		at       string
		end, by  string // empty: none
	}{
		{"a fixed term", cmdb.Contract{Ends: day("2026-12-31"), NoticeDays: 90}, "2026-05-01", "2026-12-31", "2026-10-02"},
		{"too late, but it ends anyway", cmdb.Contract{Ends: day("2026-12-31"), NoticeDays: 90}, "2026-11-01", "2026-12-31", "2026-10-02"},
		{"it is over", cmdb.Contract{Ends: day("2026-12-31")}, "2027-01-01", "", ""},
		{"it has no end", cmdb.Contract{NoticeDays: 30}, "2027-01-01", "", ""},
		{"it renews itself", cmdb.Contract{Ends: day("2024-12-31"), Term: 12, Renewal: cmdb.RenewalAutomatic, NoticeDays: 90}, "2026-05-01", "2026-12-31", "2026-10-02"},
		{"too late, so the next term's", cmdb.Contract{Ends: day("2024-12-31"), Term: 12, Renewal: cmdb.RenewalAutomatic, NoticeDays: 90}, "2026-11-01", "2026-12-31", "2027-10-02"},
		{"a notice longer than the term", cmdb.Contract{Ends: day("2026-03-31"), Term: 1, Renewal: cmdb.RenewalAutomatic, NoticeDays: 90}, "2026-03-02", "2026-03-31", "2026-03-02"},
		{"terms keep to the end of the month", cmdb.Contract{Ends: day("2026-01-31"), Term: 1, Renewal: cmdb.RenewalAutomatic}, "2026-02-10", "2026-02-28", "2026-02-28"},
	} {
		end, ok := c.contract.EndAfter(day(c.at))
		require.Equal(t, c.end != "", ok, c.name)
		if ok {
			require.Equal(t, c.end, end.Format(time.DateOnly), c.name)
		}
		by, _, ok := c.contract.NoticeBy(day(c.at))
		require.Equal(t, c.by != "", ok, c.name)
		if ok {
			require.Equal(t, c.by, by.Format(time.DateOnly), c.name)
		}
	}
}

func TestContractsThatAreDue(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	vendor := w.add(cmdb.ClassVendor, "Hosting Ltd")
	contract := func(name string, attributes map[string]any) *cmdb.CI {
		attributes["vendor"], attributes["starts"] = w.Kind().Ref(vendor.ID), day("2024-01-01")
		ci, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassContract, Name: name, State: cmdb.StateInUse, Attributes: attributes})
		require.NoError(t, err)
		return ci
	}
	contract("late", map[string]any{"ends": day("2026-12-31"), "notice_days": 30, "cost": "1200.50", "cost_per": "month", "agreements": "gold, silver"})
	contract("soon", map[string]any{"ends": day("2026-05-31"), "notice_days": 30, "cost": "300", "cost_per": "term", "term_months": 24})
	old := contract("old", map[string]any{"ends": day("2026-05-31")})
	_, err := w.Move(ctx, editor, old.ID, cmdb.ActionRetire, "")
	require.NoError(t, err)
	due, err := w.ContractsDue(ctx, day("2026-03-01"), day("2027-01-01"))
	require.NoError(t, err)
	require.Len(t, due, 2)
	require.Equal(t, "soon", due[0].Contract.Name)
	require.Equal(t, day("2026-05-01"), due[0].By)
	require.Equal(t, []string{"gold", "silver"}, due[1].Contract.Agreements)
	require.Equal(t, vendor.ID, due[1].Contract.Vendor)
	yearly, ok := due[1].Contract.Yearly()
	require.True(t, ok)
	require.Equal(t, "14406", yearly.String())
	yearly, _ = due[0].Contract.Yearly()
	require.Equal(t, "150", yearly.String())
	_, err = cmdb.ContractOf(vendor)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}
