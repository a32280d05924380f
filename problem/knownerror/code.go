package knownerror

import (
	"strings"
	"unicode"
)

const (
	minCode      = 3 // letters and digits of an error code
	maxCodeWords = 6
)

// CanonicalCode gives one form for all ways to write an error code: "ORA-01555", "ora
// 01555" and "ORA: 01555" are the same, as are 0x80070035 and 80070035. It is empty if
// there is no letter or digit in it.
func CanonicalCode(code string) string { return strings.Join(codeWords(code), " ") }

// codeWords are the words of a code or of a text that may have codes in it.
func codeWords(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		r = narrow(r)
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_'
	})
	kept := words[:0]
	for _, w := range words {
		if w = strings.Trim(codeWord(w), "_"); w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

func codeWord(w string) string {
	w = strings.Map(func(r rune) rune {
		if r = narrow(r); r < 0x80 {
			return unicode.ToLower(r)
		}
		return foldRune(r)
	}, w)
	if hex, ok := strings.CutPrefix(w, "0x"); ok && len(hex) >= 4 && strings.Trim(hex, "0123456789abcdef") == "" {
		return hex
	}
	return w
}

// codesIn yields the canonical form of everything in a text that could be a code: up to
// so many words in a row.
func codesIn(text string, known func(code string)) {
	words := codeWords(text)
	for i := range words {
		code := words[i]
		known(code)
		for j := i + 1; j < min(i+maxCodeWords, len(words)); j++ {
			code += " " + words[j]
			known(code)
		}
	}
}
