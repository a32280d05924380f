package knownerror

import (
	"cmp"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Versions are the versions of a product that are affected: those that are listed, and
// those from one version on. Those from the version on in which it is fixed are not. If
// none is listed and none is the first, all are that come before it is fixed. The zero
// Versions are all.
type Versions struct {
	List  []string `json:"list,omitempty"`
	From  string   `json:"from,omitempty"`  // the first one affected
	Fixed string   `json:"fixed,omitempty"` // the first one not affected any more; empty: it is not fixed
}

// MaxVersions is the most versions that are listed.
const MaxVersions = 200

// IsZero reports whether nothing is said of versions.
func (v Versions) IsZero() bool { return len(v.List) == 0 && v.From == "" && v.Fixed == "" }

// Affects reports whether a version is affected, see [CompareVersions].
func (v Versions) Affects(version string) bool {
	switch {
	case v.Fixed != "" && CompareVersions(version, v.Fixed) >= 0:
		return false
	case slices.ContainsFunc(v.List, func(x string) bool { return CompareVersions(x, version) == 0 }):
		return true
	case v.From != "":
		return CompareVersions(version, v.From) >= 0
	}
	return len(v.List) == 0
}

// String gives "2.1, 2.3, from 3.0, fixed in 3.4".
func (v Versions) String() string {
	parts := slices.Clone(v.List)
	if v.From != "" {
		parts = append(parts, "from "+v.From)
	}
	if v.Fixed != "" {
		parts = append(parts, "fixed in "+v.Fixed)
	}
	return strings.Join(parts, ", ")
}

func (v Versions) check(p *workflow.Problems) {
	checkNames(p, "version", v.List, MaxVersions)
	all := append(slices.Clone(v.List[:min(len(v.List), MaxVersions)]), v.From)
	for _, x := range append(slices.Clone(all), v.Fixed) {
		if len(x) > maxVersion {
			p.Addf("version %.64q has more than %d bytes", x, maxVersion)
		}
	}
	for _, x := range all {
		if x != "" && v.Fixed != "" && CompareVersions(x, v.Fixed) >= 0 {
			p.Addf("version %.64q is said to be affected, and %.64q to be fixed", x, v.Fixed)
		}
	}
}

// maxVersion is the most bytes of a version.
const maxVersion = 128

// CompareVersions compares two versions part by part: numbers as numbers, words
// without regard to case, and a number comes after a word. A further part makes a
// version a later one ("2.1" < "2.1.1", "1.0.2" < "1.0.2a"), unless it is a zero
// ("2.1" = "2.1.0") or says that it was not released yet ("2.0-rc1" < "2.0"): dev or
// snapshot, alpha, beta, pre and rc do, in this order, and a or b behind a '-' or '~' for
// alpha and beta. A 'v' in front of a number does not matter.
func CompareVersions(a, b string) int {
	return slices.CompareFunc(pad(versionParts(a), versionParts(b)), pad(versionParts(b), versionParts(a)), comparePart)
}

// part is a number, a word, or the end of a version.
type part struct {
	rank int
	text string // of a number: without zeros in front
}

const (
	rankEarly = iota // the word of a pre-release
	rankEnd          // or a zero
	rankWord
	rankNumber
)

func comparePart(a, b part) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), compareText(a, b))
}

func compareText(a, b part) int {
	if a.rank == rankNumber {
		return cmp.Or(cmp.Compare(len(a.text), len(b.text)), cmp.Compare(a.text, b.text))
	}
	return cmp.Compare(a.text, b.text)
}

// pad makes a list of parts at least as long as another.
func pad(list, other []part) []part {
	for len(list) < len(other) {
		list = append(list, part{rank: rankEnd})
	}
	return list
}

func versionParts(version string) []part {
	version = strings.ToLower(strings.TrimSpace(version))
	if len(version) > 1 && version[0] == 'v' && isDigit(version[1]) {
		version = version[1:]
	}
	var all []part
	var sep byte
	for i := 0; i < len(version); {
		switch c := version[i]; {
		case isDigit(c):
			n := span(version[i:], isDigit)
			all = append(all, numberPart(version[i:i+n]))
			i, sep = i+n, 0
		case isLetter(c):
			n := span(version[i:], isLetter)
			all = append(all, wordPart(version[i:i+n], sep))
			i, sep = i+n, 0
		default:
			sep = c
			i++
		}
	}
	return all
}

func numberPart(digits string) part {
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return part{rank: rankEnd}
	}
	return part{rankNumber, digits}
}

// wordPart tells the word of a pre-release from that of a later one.
func wordPart(word string, sep byte) part {
	marked := sep == '-' || sep == '~'
	switch {
	case word == "dev", word == "snapshot":
		return part{rankEarly, "0"}
	case word == "alpha", word == "a" && marked:
		return part{rankEarly, "1"}
	case word == "beta", word == "b" && marked:
		return part{rankEarly, "2"}
	case word == "pre":
		return part{rankEarly, "3"}
	case word == "rc":
		return part{rankEarly, "4"}
	}
	return part{rankWord, word}
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || c >= 0x80 }

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}
