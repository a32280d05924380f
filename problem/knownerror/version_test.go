package knownerror_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
)

func TestVersionsInOrder(t *testing.T) {
	for _, ordered := range [][]string{
		{"1", "1.0.1", "1.2", "1.10", "2", "10"},
		{"2.0-dev", "2.0-alpha", "2.0-alpha2", "2.0-beta", "2.0-rc1", "2.0-rc2", "2.0", "2.0 SP1", "2.0.1"},
		{"1.0.2", "1.0.2a", "1.0.2k", "1.0.3"},
		{"10.0.19041", "10.0.19044.1288", "10.0.22000"},
		{"", "a", "b", "1"},
		{"2.0~b1", "2.0", "2.0b1"},
		{"99999999999999999998", "99999999999999999999"},
	} {
		for i, a := range ordered {
			for j, b := range ordered {
				require.Equal(t, sign(i-j), sign(knownerror.CompareVersions(a, b)), "%q and %q", a, b)
			}
		}
	}
	for _, same := range [][2]string{{"2.1", "2.1.0"}, {"v2.1", "2.1"}, {"2.01", "2.1"}, {"2-1", "2.1"}, {"2.0 RC1", "2.0rc1"}, {" 3 ", "3"}} {
		require.Zero(t, knownerror.CompareVersions(same[0], same[1]), same)
	}
}

func TestWhichVersionsAreAffected(t *testing.T) {
	for _, c := range []struct {
		v        knownerror.Versions
		text     string
		yes, not []string
	}{
		{knownerror.Versions{}, "", []string{"1", "x", ""}, nil},
		{knownerror.Versions{Fixed: "2.4"}, "fixed in 2.4", []string{"1", "2.3.9", "2.4-rc1"}, []string{"2.4", "2.4.0", "3"}},
		{knownerror.Versions{From: "2"}, "from 2", []string{"2.0", "9"}, []string{"1.9"}},
		{knownerror.Versions{From: "2", Fixed: "3"}, "from 2, fixed in 3", []string{"2", "2.9"}, []string{"1", "3"}},
		{knownerror.Versions{List: []string{"1.1", "1.3"}, Fixed: "1.4"}, "1.1, 1.3, fixed in 1.4", []string{"1.1.0", "1.3"}, []string{"1.2", "1.4"}},
		{knownerror.Versions{List: []string{"1.1"}, From: "2"}, "1.1, from 2", []string{"1.1", "2", "3"}, []string{"1.2"}},
	} {
		require.Equal(t, c.text, c.v.String())
		for _, x := range c.yes {
			require.True(t, c.v.Affects(x), "%v affects %q", c.v, x)
		}
		for _, x := range c.not {
			require.False(t, c.v.Affects(x), "%v does not affect %q", c.v, x)
		}
	}
}

// ordered checks that the versions are in a total order, in which some are equal.
func ordered(t *testing.T, a, b, c string) {
	t.Helper()
	ab, bc, ac := knownerror.CompareVersions(a, b), knownerror.CompareVersions(b, c), knownerror.CompareVersions(a, c)
	require.Zero(t, knownerror.CompareVersions(a, a))
	require.Equal(t, -sign(ab), sign(knownerror.CompareVersions(b, a)), "%q and %q", a, b)
	if ab <= 0 && bc <= 0 {
		require.LessOrEqual(t, ac, 0, "%q, %q, %q", a, b, c)
		require.Equal(t, ab == 0 && bc == 0, ac == 0, "%q, %q, %q", a, b, c)
	}
}

func TestVersionsHaveATotalOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"0", "1", "2", "10", "00", "rc", "beta", "a", "b", "x", "é", ".", "-", "~", " ", "v", "."}
	make := func() string {
		s := ""
		for range r.IntN(6) {
			s += pieces[r.IntN(len(pieces))]
		}
		return s
	}
	for range 50_000 {
		ordered(t, make(), make(), make())
	}
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("1.0", "v1.0.1-rc1", "1~b")
	f.Add("2.0-a", "2.0", "2.0a")
	f.Fuzz(ordered)
}

func sign(n int) int { return max(-1, min(1, n)) }
