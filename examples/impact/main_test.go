package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func impact(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(args, &out, io.Discard))
	return out.String()
}

func TestTheSample(t *testing.T) {
	// One of two switches carries the network: nothing is down but the switch.
	require.Contains(t, impact(t, "-down", "dc1-core1"), "1 down")
	require.Equal(t, `{"degraded":["internet","mail","monitoring","service-desk","shop","voip","crm"],"down":["wan1"]}`+"\n",
		resorted(t, impact(t, "-down", "wan1", "-json"), "internet", "mail", "monitoring", "service-desk", "shop", "voip", "crm"))
	both := impact(t, "-down", "wan1, wan2")
	require.Contains(t, both, "down      mail (E-mail, service): 3 of 4 work, it needs 4 <- internet <- wan1")
	require.Contains(t, both, "down      wan2 (Line of Telco B, contract): named")
	spof := impact(t, "-spof", "shop")
	for _, id := range []string{"lb", "internet", "db-shop", "dc2-cluster", "dc2-power"} {
		require.Contains(t, spof, "  "+id+" (")
	}
	require.NotContains(t, spof, "  wan1 (")
	require.NotContains(t, spof, "  web1 (")
	// Two applications that need each other are up unless something takes one down.
	require.Contains(t, impact(t, "-down", "config-vm"), "down      deploy (Deployment, application)")
}

// resorted checks that a list has just these ids, ascending, and returns the text
// with them in the order given.
func resorted(t *testing.T, text string, ids ...string) string {
	sorted := slices.Sorted(slices.Values(ids))
	require.Contains(t, text, `["`+strings.Join(sorted, `","`)+`"]`)
	return strings.Replace(text, strings.Join(sorted, `","`), strings.Join(ids, `","`), 1)
}

func files(t *testing.T, ci, rel string) []string {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "ci.csv"), filepath.Join(dir, "rel.csv")
	require.NoError(t, os.WriteFile(a, []byte(ci), 0o600))
	require.NoError(t, os.WriteFile(b, []byte(rel), 0o600))
	return []string{"-ci", a, "-rel", b}
}

func TestWhatNeedMeans(t *testing.T) {
	const rel = "from,to,type\nfarm,a,x\nfarm,b,x\nfarm,c,x\nfarm,a,again\ntop,farm,x\n"
	for need, want := range map[string][3]string{
		"":     {"down", "down", "down"},
		"3":    {"down", "down", "down"},
		"2":    {"degraded", "down", "down"},
		"1":    {"degraded", "degraded", "down"},
		"0":    {"degraded", "degraded", "degraded"},
		"34%":  {"degraded", "down", "down"}, // two of three, rounded up
		"33%":  {"degraded", "degraded", "down"},
		"67%":  {"down", "down", "down"},
		"100%": {"down", "down", "down"},
		"0%":   {"degraded", "degraded", "degraded"},
	} {
		args := files(t, "\ufeffID, class ,name,need\na,s,A,\nb,s,B,\nc,s,C,\nfarm,f,F,"+need+"\ntop,t,T,\n", rel)
		for i, down := range []string{"a", "a,b", "a,b,c"} {
			var got struct{ Down, Degraded []string }
			require.NoError(t, json.Unmarshal([]byte(impact(t, append(args, "-json", "-down", down)...)), &got))
			require.Equal(t, want[i] == "down", slices.Contains(got.Down, "farm"), "need %q without %s", need, down)
			require.Equal(t, want[i] == "degraded", slices.Contains(got.Degraded, "farm"), "need %q without %s", need, down)
			require.Equal(t, want[i] == "down", slices.Contains(got.Down, "top"))
		}
	}
}

func TestWrongInputIsToldByLine(t *testing.T) {
	const ci, rel = "id,class,name,need\na,s,A,\nb,s,B,\n", "from,to,type\na,b,x\n"
	for _, test := range []struct{ ci, rel, want string }{
		{"id,class,name,need\na,s,A,2\nb,s,B,\n", rel, "ci.csv: line 2: item \"a\": need 2 of 1"},
		{"id,class,name,need\na,s,A,many\nb,s,B,101%\n", rel, "line 3: item \"b\": need \"101%\""},
		{"id,class,name,need\na,s,A,-1\nb,s,B,\n", rel, "need \"-1\""},
		{"id,class,name\na,s,A\na,s,B\n,s,C\n", rel, "line 3: item \"a\" is there twice"},
		{"id,class,name\na,s,A\na,s,B\n,s,C\n", rel, "line 4: no id"},
		{ci, "from,to,type\na,b,x\nc,d,x\n", "rel.csv: line 3: there is no item \"c\"\nthere is no item \"d\""},
		{"id,class\na,s\n", rel, `no column "name"`},
		{"", rel, "the header"},
		{"id,class,name\na,s\nb,s,B\n", rel, "wrong number of fields"},
		{"id,class,name\n\"a,s,A\n", rel, "line"},
	} {
		err := run(append(files(t, test.ci, test.rel), "-down", "a"), io.Discard, io.Discard)
		require.ErrorContains(t, err, test.want, test.ci+test.rel)
	}
	for want, args := range map[string][]string{
		"what fails?":         {},
		"go together":         {"-ci", "x", "-down", "a"},
		`no item "nobody"`:    {"-down", "dns,nobody"},
		`no item "no one"`:    {"-spof", "no one"},
		`unknown argument`:    {"-down", "a", "b"},
		"no such file":        {"-ci", "/none", "-rel", "/none", "-down", "a"},
		"-svg draws":          {"-spof", "shop", "-svg", "x"},
		"flag provided but n": {"-x"},
	} {
		require.ErrorContains(t, run(args, io.Discard, io.Discard), want)
	}
}

// The answers are those of the plainest program there can be.
func TestAgreesWithThePlainestProgram(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 2 + r.IntN(14)
		deps := make([]map[int]bool, n)
		ci, rel := "id,class,name,need\n", "from,to,type\n"
		needs := make([]int, n)
		for i := range n {
			deps[i] = map[int]bool{}
			for range r.IntN(4) {
				d := r.IntN(n)
				deps[i][d] = true
				rel += fmt.Sprintf("i%d,i%d,x\n", i, d)
			}
			needs[i] = len(deps[i])
			text := ""
			switch r.IntN(3) {
			case 0:
				needs[i] = r.IntN(len(deps[i]) + 1)
				text = strconv.Itoa(needs[i])
			case 1:
				p := 1 + r.IntN(100)
				needs[i] = (p*len(deps[i]) + 99) / 100
				text = fmt.Sprint(p, "%")
			}
			ci += fmt.Sprintf("i%d,c,Item %d,%s\n", i, i, text)
		}
		plain := func(failed int) (down, degraded []string) {
			isDown, isDegraded := map[int]bool{failed: true}, map[int]bool{}
			for range n {
				for i := range n {
					up := 0
					for d := range deps[i] {
						if !isDown[d] {
							up++
						}
					}
					isDown[i] = isDown[i] || up < needs[i]
				}
			}
			for range n {
				for i := range n {
					for d := range deps[i] {
						isDegraded[i] = isDegraded[i] || !isDown[i] && (isDown[d] || isDegraded[d])
					}
				}
			}
			for i := range n {
				if isDown[i] {
					down = append(down, fmt.Sprint("i", i))
				} else if isDegraded[i] {
					degraded = append(degraded, fmt.Sprint("i", i))
				}
			}
			slices.Sort(down)
			slices.Sort(degraded)
			return down, degraded
		}
		args := files(t, ci, rel)
		var points []string
		for failed := range n {
			down, degraded := plain(failed)
			if failed != 0 && slices.Contains(down, "i0") {
				points = append(points, fmt.Sprint("i", failed))
			}
			var got struct{ Down, Degraded []string }
			require.NoError(t, json.Unmarshal([]byte(impact(t, append(args, "-json", "-down", fmt.Sprint("i", failed))...)), &got))
			require.Equal(t, down, got.Down, "seed %d", seed)
			require.ElementsMatch(t, degraded, got.Degraded, "seed %d", seed)
			require.True(t, slices.IsSorted(got.Degraded))
		}
		var got struct{ SPOF []string }
		require.NoError(t, json.Unmarshal([]byte(impact(t, append(args, "-json", "-spof", "i0")...)), &got))
		slices.Sort(points)
		require.ElementsMatch(t, points, got.SPOF, "seed %d", seed)
	}
}

func TestThePicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "impact.svg")
	text := impact(t, "-down", "dc1-power", "-svg", path)
	picture, err := os.ReadFile(path)
	require.NoError(t, err)
	again := filepath.Join(t.TempDir(), "again.svg")
	impact(t, "-down", "dc1-power", "-svg", again)
	second, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, string(picture), string(second), "it is drawn the same each time")
	boxes := 0
	for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "g" {
			boxes++
		}
	}
	require.Equal(t, strings.Count(text, "\n")-1, boxes, "a box for each line")
	require.NotContains(t, strings.Replace(string(picture), `xmlns="http://www.w3.org/2000/svg"`, "", 1), "http", "it needs nothing from elsewhere")
}

func TestThePictureForOtherPrograms(t *testing.T) {
	dot, mermaid := filepath.Join(t.TempDir(), "impact.dot"), filepath.Join(t.TempDir(), "impact.mmd")
	impact(t, "-down", "wan1,wan2", "-dot", dot, "-mermaid", mermaid)
	for path, want := range map[string]string{
		dot:     `"wan1" -> "internet"`,
		mermaid: `["Line of Telco A<br/>wan1, contract<br/>cause"]:::cause`,
	} {
		picture, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(picture), want)
		require.NotContains(t, string(picture), "dc1-power", "it is up")
	}
}
