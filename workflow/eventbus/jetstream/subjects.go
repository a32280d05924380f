package jetstream

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
)

// Subjects lays out the subjects of a stream:
//
//	root.tenant.class.kind.partition.topic…
//	itsm.acme.message.incident.3.incident.resolved
//
// A record is always in the same partition, which is a hash of its tenant and
// reference. Publishers and consumers of a stream must agree on the layout, and
// another number of partitions sends records that are under way to others: let the
// consumers finish first.
type Subjects struct {
	Root       string // tokens of letters, digits, '-' and '_'; default "itsm"
	Partitions int    // 1 to [MaxPartitions]; default 8
}

// MaxPartitions bounds the partitions, as each is a consumer of its own.
const MaxPartitions = 256

func (s Subjects) withDefaults() Subjects {
	if s.Root == "" {
		s.Root = "itsm"
	}
	if s.Partitions == 0 {
		s.Partitions = 8
	}
	return s
}

func (s Subjects) check(p *workflow.Problems) {
	for t := range strings.SplitSeq(s.Root, ".") {
		if t == "" || escape(t) != t {
			p.Addf("root %.80q: want tokens of letters, digits, '-' and '_'", s.Root)
		}
	}
	if s.Partitions < 1 || s.Partitions > MaxPartitions {
		p.Addf("%d partitions, want 1 to %d", s.Partitions, MaxPartitions)
	}
}

// Partition returns the number, from 0, of the partition that a tenant's record
// is in: the FNV-1a hash of "tenant record", 32 bits, modulo the partitions.
func (s Subjects) Partition(tenant string, ref workflow.Ref) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(tenant + " " + ref.String()))
	return int(h.Sum32() % uint32(s.withDefaults().Partitions))
}

// Subject returns where an envelope is published.
func (s Subjects) Subject(e eventbus.Envelope) string {
	s = s.withDefaults()
	return strings.Join([]string{s.Root, escape(e.Tenant), string(e.Class()), escape(e.Ref.Kind),
		strconv.Itoa(s.Partition(e.Tenant, e.Ref)), escapeTopic(e.Topic)}, ".")
}

// All is the subject of everything, for the stream.
func (s Subjects) All() string { return s.withDefaults().Root + ".>" }

// Filter narrows what is received. The zero Filter lets everything through.
type Filter struct {
	Tenant string
	Class  eventbus.Class
	Kind   string
	Topics []string // any of these; empty = all
}

// subjects returns the filter as subjects, of one partition or of all (-1).
func (s Subjects) subjects(f Filter, partition int) []string {
	some := func(v string) string {
		if v == "" {
			return "*"
		}
		return escape(v)
	}
	part := "*"
	if partition >= 0 {
		part = strconv.Itoa(partition)
	}
	head := strings.Join([]string{s.Root, some(f.Tenant), some(string(f.Class)), some(f.Kind), part}, ".") + "."
	if len(f.Topics) == 0 {
		return []string{head + ">"}
	}
	var out []string
	seen := map[string]bool{}
	for _, t := range f.Topics {
		if !seen[t] {
			out, seen[t] = append(out, head+escapeTopic(t)), true
		}
	}
	return out
}

// escapeTopic keeps the dots of "incident.resolved", so that receivers may ask for
// "incident.>", unless that would make an empty token.
func escapeTopic(topic string) string {
	tokens := strings.Split(topic, ".")
	for i, t := range tokens {
		if t == "" {
			return escape(topic)
		}
		tokens[i] = escape(t)
	}
	return strings.Join(tokens, ".")
}

// escape makes one token of a text: any byte but letters, digits, '-' and '_'
// becomes '%' and two hexadecimal digits, as in a URL.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
