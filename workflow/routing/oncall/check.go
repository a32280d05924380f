package oncall

import (
	"strings"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// maxName is the limit of names and texts, in bytes.
const maxName = 128

// problems collects everything that is wrong with one rota.
type problems struct{ workflow.Problems }

// name checks what others refer to, and what people read in one line.
func (p *problems) name(where, s string) {
	if strings.TrimSpace(s) == "" || len(s) > maxName || !utf8.ValidString(s) {
		p.Addf("%s %.64q must be 1 to %d bytes of text", where, s, maxName)
	}
}

func (p *problems) between(where string, n, least, most int) bool {
	ok := n >= least && n <= most
	if !ok {
		p.Addf("%s: %d, must be %d to %d", where, n, least, most)
	}
	return ok
}

// unique checks that names of one kind are names, and there once.
func (p *problems) unique(kind string, names []string) {
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		p.name(kind, n)
		if seen[n] {
			p.Addf("%s %.64q is there twice", kind, n)
		}
		seen[n] = true
	}
}

// namesOf lists the names of a list's entries.
func namesOf[T any](list []T, name func(T) string) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = name(v)
	}
	return all
}

// distinct is a list without those that are there already, in its order.
func distinct(names []string) []string {
	seen := make(map[string]bool, len(names))
	var out []string
	for _, n := range names {
		if !seen[n] {
			out = append(out, n)
		}
		seen[n] = true
	}
	return out
}
