package draw_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

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
		{strings.Repeat("long ", 40), ">long long long long long l…<", `"long long`, `["long long`},
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
