package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is taken from a title.
const (
	maxWords   = 16 // the first of a title
	maxWordLen = 32 // bytes; longer ones are cut
)

// words returns the different words of a title and its pairs of neighbouring words, in
// lower case. Single letters and numbers are no words: a ticket or a room number is in
// one title only, or says nothing. They part neighbours.
func words(title string) []string {
	var list []string
	seen := map[string]bool{}
	add := func(w string) {
		if !seen[w] {
			seen[w] = true
			list = append(list, w)
		}
	}
	before, n := "", 0
	for w := range strings.FieldsFuncSeq(title, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if n++; n > maxWords {
			break
		}
		w = strings.ToLower(cut(w))
		if utf8.RuneCountInString(w) < 2 || !strings.ContainsFunc(w, unicode.IsLetter) {
			before = ""
			continue
		}
		add(w)
		if before != "" && before != w {
			add(before + " " + w)
		}
		before = w
	}
	return list
}

// cut shortens a word to whole letters.
func cut(w string) string {
	if len(w) <= maxWordLen {
		return w
	}
	end := maxWordLen
	for !utf8.RuneStart(w[end]) {
		end--
	}
	return w[:end]
}
