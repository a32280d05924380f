package knownerror

import (
	"strings"
	"unicode"
)

const (
	maxToken  = 64     // characters of a word that count
	maxTokens = 20_000 // words of a text that count
)

// token is a word as it is looked up.
type token struct {
	text string
	of   int // the token, by its place, that this one is a part of; itself if none
	run  int // the piece of a script without spaces that it is a pair of; 0: none
}

// tokenize cuts a text into words: runs of letters, digits and the marks on them, folded
// so that case does not matter, in the singular as far as an English s tells. A word
// that is written as several, such as OutOfMemoryError, gives its parts, too. Chinese,
// Japanese and Korean give every pair of neighbours, because they put no spaces between
// words or hang endings on them.
func tokenize(text string) []token {
	var t tokenizer
	for _, r := range text {
		if len(t.tokens) >= maxTokens {
			return t.tokens[:maxTokens]
		}
		t.take(narrow(r))
	}
	t.flush()
	return t.tokens[:min(len(t.tokens), maxTokens)]
}

type tokenizer struct {
	tokens []token
	word   []rune // as it is written
	pairs  []rune
	runs   int
}

func (t *tokenizer) take(r rune) {
	switch {
	case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9': // for speed
		t.flushPairs()
		if len(t.word) < maxToken {
			t.word = append(t.word, r)
		}
	case r < 0x80:
		t.flush()
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー' && len(t.pairs) > 0:
		t.flushWord()
		t.pairs = append(t.pairs, r)
		if len(t.pairs) == 4096 { // a text without an end
			t.flushPairs()
		}
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		t.flushPairs()
		if len(t.word) < maxToken {
			t.word = append(t.word, r)
		}
	default:
		t.flush()
	}
}

func (t *tokenizer) flush() {
	t.flushWord()
	t.flushPairs()
}

func (t *tokenizer) flushWord() {
	if len(t.word) == 0 {
		return
	}
	whole := len(t.tokens)
	t.tokens = append(t.tokens, token{text: fold(t.word), of: whole})
	for _, part := range parts(t.word) {
		t.tokens = append(t.tokens, token{text: fold(part), of: whole})
	}
	t.word = t.word[:0]
}

func (t *tokenizer) flushPairs() {
	if len(t.pairs) == 0 {
		return
	}
	t.runs++
	for i := range max(1, len(t.pairs)-1) {
		t.tokens = append(t.tokens, token{text: string(t.pairs[i:min(i+2, len(t.pairs))]), of: len(t.tokens), run: t.runs})
	}
	t.pairs = t.pairs[:0]
}

// parts cuts a word where it is written as several: OutOfMemory, XMLParser, outlook365.
// A word that begins with a digit, such as 0x80070035, is one; what is too short to say
// anything is left out.
func parts(word []rune) [][]rune {
	if unicode.IsDigit(word[0]) {
		return nil
	}
	var all [][]rune
	from := 0
	cut := func(to int) {
		if p := word[from:to]; len(p) > 2 || len(p) == 2 && unicode.IsLetter(p[0]) {
			all = append(all, p)
		}
		from = to
	}
	for i := 1; i < len(word); i++ {
		was, now := word[i-1], word[i]
		camel := unicode.IsLower(was) && unicode.IsUpper(now) ||
			unicode.IsUpper(was) && unicode.IsUpper(now) && i+1 < len(word) && unicode.IsLower(word[i+1])
		if camel || unicode.IsDigit(was) != unicode.IsDigit(now) && !unicode.IsMark(now) {
			cut(i)
		}
	}
	if from == 0 {
		return nil
	}
	cut(len(word))
	return all
}

// narrow gives the usual form of a letter, digit or sign of full width, as Japanese and
// Chinese keyboards write them.
func narrow(r rune) rune {
	if '！' <= r && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// fold gives one text for all that differ in case alone, such as σ, ς and Σ.
func fold(word []rune) string {
	var b strings.Builder
	for _, r := range word {
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case r >= 0x80:
			r = foldRune(r)
		}
		b.WriteRune(r)
	}
	return singular(b.String())
}

func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return unicode.ToLower(least)
}

// singular takes the s off the end of a word of letters (Harman's S stemmer, 1991). It
// does no harm in other languages: the same is done to what is looked up.
func singular(word string) string {
	n := len(word)
	if n < 4 || word[n-1] != 's' || word[n-2] < 'a' || word[n-2] > 'z' {
		return word
	}
	switch {
	case strings.HasSuffix(word, "ies") && n > 4:
		return word[:n-3] + "y"
	case word[n-2] == 's' || word[n-2] == 'u':
		return word
	}
	return word[:n-1]
}
