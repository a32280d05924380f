package knownerror

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestTokens(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"The Printer's queue", "the printer s queue"},
		{"OutOfMemoryError", "outofmemoryerror out of memory error"},
		{"XMLParser failed", "xmlparser xml parser failed"},
		{"outlook365 mx1", "outlook365 outlook 365 mx1 mx"},
		{"0x80070035 ORA-01555", "0x80070035 ora 01555"},
		{"crashes, queries, access, status, vpns", "crashe query access status vpn"},
		{"Größe GRÖSSE ΣΊΣΥΦΟΣ σίσυφος", "größe grösse σίσυφοσ σίσυφοσ"},
		{"プリンタが動かない", "プリ リン ンタ タが が動 動か かな ない"},
		{"サーバー", "サー ーバ バー"},
		{"프린터 오류", "프린 린터 오류"},
		{"打印机", "打印 印机"},
		{"Outlook打印", "outlook 打印"},
		{"中", "中"},
		{"ＡＢＣ　１２３", "abc 123"},
		{"naïve café", "naïve café"},
		{"\xff\xfe", ""},
	} {
		var got []string
		for _, tok := range tokenize(c.text) {
			got = append(got, tok.text)
		}
		require.Equal(t, c.want, strings.ReplaceAll(strings.Join(got, " "), "ς", "σ"), c.text)
	}
}

func TestCodes(t *testing.T) {
	for _, same := range [][]string{
		{"ORA-01555", "ora 01555", "ORA: 01555", "ＯＲＡ－０１５５５"},
		{"0x80070035", "80070035", "0X80070035"},
		{"E_ACCESSDENIED", "e_accessdenied", "(E_ACCESSDENIED)"},
		{"HTTP 503", "http/503"},
	} {
		for _, code := range same[1:] {
			require.Equal(t, CanonicalCode(same[0]), CanonicalCode(code))
		}
	}
	require.NotEqual(t, CanonicalCode("0x12"), CanonicalCode("12"))
	var found []string
	codesIn("failed: ORA-01555 (snapshot too old)", func(c string) { found = append(found, c) })
	require.Contains(t, found, "ora 01555")
	require.Contains(t, found, "snapshot too old")
}

func FuzzTokenize(f *testing.F) {
	f.Add("OutOfMemoryError 0x80070035 프린터")
	f.Add("ŸŸabcДД12ß\u0301ーサ")
	f.Fuzz(func(t *testing.T, text string) {
		tokens := tokenize(text)
		require.LessOrEqual(t, len(tokens), maxTokens)
		for i, tok := range tokens {
			require.NotEmpty(t, tok.text)
			require.LessOrEqual(t, utf8.RuneCountInString(tok.text), maxToken)
			require.True(t, tok.of <= i && tokens[tok.of].of == tok.of, "a part belongs to a word before it")
		}
		if len(text) < 1000 {
			once := tokenize(text)
			require.True(t, slices.Equal(tokens, once))
			require.Equal(t, CanonicalCode(text), CanonicalCode(CanonicalCode(text)), "a canonical code is its own")
		}
	})
}
