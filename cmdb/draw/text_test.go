package draw_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/cmdb/draw"
)

func TestTextOfAnyKind(t *testing.T) {
	for _, test := range []struct{ name, svg, dot, mermaid string }{
		{"plain", ">plain<", `"plain\n`, `["plain<`},
		{"", ">id<", `"id\nup"`, `["id<`},
		{`say "x"`, ">say &#34;x&#34;<", `"say \"x\"\n`, `["say #quot;x#quot;<`},
		{"a<b>&c", ">a&lt;b&gt;&amp;c<", `"a<b>&amp;c\n`, `["a#60;b#62;#38;c<`},
		{"two\nlines", ">two lines<", `"two\nlines\n`, `["two lines<`},
		{`back\slash\`, `>back\slash\<`, `"back\\slash\\\n`, `["back#92;slash#92;<`},
		{"nil\x00", ">nil\ufffd<", `"nil&#x2400;\n`, "[\"nil\ufffd<"},
		{"not\xffUTF-8", ">not\ufffdUTF-8<", `"not&#xfffd;ffUTF-8\n`, "[\"not\ufffdUTF-8<"},
		{"Größe 界 \ufffd", ">Größe 界 \ufffd<", "\"Größe 界 \ufffd\\n", "[\"Größe 界 \ufffd<"},
		{"%%{init}%%", ">%%{init}%%<", `"%%{init}%%\n`, `["#37;#37;#123;init#125;#37;#37;<`},
		{strings.Repeat("long ", 40), ">long long long long long…<", `"long long`, `["long long`},
	} {
		p := draw.Picture{Items: []draw.Item{{ID: "id", Name: test.name}}}
		require.Contains(t, text(t, p, draw.Picture.SVG), test.svg, "%q", test.name)
		require.Contains(t, text(t, p, draw.Picture.DOT), test.dot, "%q", test.name)
		require.Contains(t, text(t, p, draw.Picture.Mermaid), test.mermaid, "%q", test.name)
	}
}

func TestTextThatIsCutShowsInFull(t *testing.T) {
	long := strings.Repeat("long ", 40) + "end"
	p := draw.Picture{Items: []draw.Item{{ID: "id", Name: long, Class: "server"}}}
	require.Contains(t, text(t, p, draw.Picture.SVG), "<title>"+long+" (id, server): up</title>")
}

// The widths are those of the font in units of its size: DejaVu Sans is what browsers
// take for sans-serif on many a Linux, Verdana is about as wide, Arial is what most have.
func TestTextThatIsCutEndsInsideItsBox(t *testing.T) {
	const ellipsis = 1.0
	for text, width := range map[string]float64{
		"0": .636, "8": .636, "$": .636, "a": .613, "b": .635, "c": .55, "f": .352, "g": .635, "i": .278, "j": .344, // Verdana
		"l": .278, "m": .974, "n": .634, "r": .427, "s": .521, "t": .394, "w": .818, "z": .525, ".": .364, "-": .454, "_": .636,
		"\"": .46, "#": .838, "%": 1.076, "&": .78, "@": 1.015, "+": .838, "=": .838, "~": .838, "!": .401, "?": .545, "(": .454, "|": .454, "*": .636, "{": .636,
		"A": .686, "C": .722, "E": .667, "I": .421, "J": .5, "L": .557, "M": .863, "O": .787, "P": .667, "S": .684, "T": .616, "W": .989, "X": .685, "Y": .667,
		"ä": .613, "Ä": .684, "æ": .98, "Œ": 1.07, "ß": .63, "©": 1, "½": .97, "Ǆ": 1.42, "ω": .84, "Ω": .79,
		"я": .6, "ж": .9, "щ": .94, "Щ": 1.09, "Ж": 1.08, "Ю": 1.08, "Ѽ": 1.18, "ש": .71, "ش": 1.22,
		"…": 1, "—": 1, "‰": 1.34, "→": 1, "⟶": 1.43, "≪": 1.05, "Ⅷ": 1.32, "☎": 1.25, "界": 1, "カ": 1, "한": 1, "Ｗ": 1, "😴": 1.6, "🀳": 1.36,
		"7c9e6679-7425-40de-944b-e07fc1f90ae7": 36 * .636,
	} {
		p := draw.Picture{Items: []draw.Item{{ID: strings.Repeat(text, 90), Name: strings.Repeat(text, 91)}}}
		var im struct {
			Boxes []struct {
				Rect  rect `xml:"rect"`
				Texts []struct {
					X    float64 `xml:"x,attr"`
					Size float64 `xml:"font-size,attr"`
					Text string  `xml:",chardata"`
				} `xml:"text"`
			} `xml:"g"`
		}
		svg := strings.Builder{}
		require.NoError(t, p.SVG(&svg))
		require.NoError(t, xml.Unmarshal([]byte(svg.String()), &im))
		require.Len(t, im.Boxes[0].Texts, 2)
		for _, shown := range im.Boxes[0].Texts {
			cut, is := strings.CutSuffix(shown.Text, "…")
			require.True(t, is, "%q is cut", text)
			each := width / float64(utf8.RuneCountInString(text))
			end := shown.X + shown.Size*(each*float64(utf8.RuneCountInString(cut))+ellipsis)
			require.LessOrEqual(t, end, float64(im.Boxes[0].Rect.X+im.Boxes[0].Rect.Width), "%s in size %g", shown.Text, shown.Size)
			require.Greater(t, utf8.RuneCountInString(cut), 4, "something of %q is left", text)
		}
	}
}

func TestDifferentIdsStayDifferentInDOT(t *testing.T) {
	var p draw.Picture
	ids := []string{"a", `a"`, `a\`, `a\"`, "a\n", `a\n`, "a\x00", "a\x01", "a␀", "a\xff", "a\xfe", "a\ufffd", "a&", "a&amp;", "a\ufffdff"}
	for _, id := range ids {
		p.Items = append(p.Items, draw.Item{ID: id, Name: "x"})
	}
	names := map[string]bool{}
	for line := range strings.Lines(text(t, p, draw.Picture.DOT)) {
		if name, _, is := strings.Cut(line, ` [label="x`); is {
			names[name] = true
		}
	}
	require.Len(t, names, len(ids))
}

func FuzzAnyText(f *testing.F) {
	f.Add("id", "name", "class", "title", "label")
	f.Add(`"`, `\`, "<&>", "\n---\n", "]]>")
	f.Add("\x00", "\xff", "\u2028", "%%{init: {}}%%", `\"`)
	f.Fuzz(func(t *testing.T, id, name, class, title, label string) {
		p := draw.Picture{
			Title: title, Subtitle: label,
			Items: []draw.Item{{ID: id + "1", Name: name, Class: class}, {ID: id + "2", Cause: true}},
			Links: []draw.Link{{From: id + "1", To: id + "2", Label: label}},
		}
		for d := xml.NewDecoder(strings.NewReader(text(t, p, draw.Picture.SVG))); ; {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
		}
		bare := unquoted(text(t, p, draw.Picture.DOT))
		require.Equal(t, 8, strings.Count(bare, "\n"), bare)
		require.Equal(t, 1, strings.Count(bare, "->"), bare)
		bare = unquoted(text(t, p, draw.Picture.Mermaid))
		require.Equal(t, 1, strings.Count(bare, "\n  n0[]:::up\n  n1[]:::cause\n  n1 -->"), bare)
		require.LessOrEqual(t, strings.Count(bare, "\n"), 11, bare)
	})
}

// unquoted is what stands outside of quotes. An open quote swallows the end.
func unquoted(text string) string {
	var b strings.Builder
	inside := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inside = !inside
		case c == '\\' && inside:
			i++
		case !inside:
			b.WriteByte(c)
		}
	}
	return b.String()
}
