package bleve

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/cjk" // the analyzer of [Mapping]
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
)

// Texts is a [knownerror.Texts] over an index of Bleve. It is safe for concurrent use.
type Texts struct {
	// Half is the score that gives half the strength. Default: 0.2. Set it before use.
	Half float64

	index bleve.Index
}

var _ knownerror.Texts = (*Texts)(nil)

// The fields of a document, and what a word counts in each.
const (
	FieldTitle   = "title"
	FieldSymptom = "symptom"
	FieldRest    = "rest"
)

var boosts = []struct {
	field string
	boost float64
}{{FieldTitle, 3}, {FieldSymptom, 2}, {FieldRest, 1}}

// maxQuery is the most bytes of a query that are looked up: each word costs a search.
const maxQuery = 4 << 10

// maxWords is the most words that a hit names.
const maxWords = 5

// New returns a Texts over a new index in memory, made with [Mapping].
func New() (*Texts, error) {
	index, err := bleve.NewMemOnly(Mapping())
	if err != nil {
		return nil, fmt.Errorf("knownerror: bleve: %w", err)
	}
	return Over(index), nil
}

// Over returns a Texts over an index of the host's, which must have the three fields. It
// stays the host's to close.
func Over(index bleve.Index) *Texts { return &Texts{index: index, Half: 0.2} }

// Mapping returns a mapping that knows Chinese and Japanese by pairs of characters, and
// other languages by words with their endings on, also Korean. It stores no text.
func Mapping() mapping.IndexMapping {
	text := bleve.NewTextFieldMapping()
	text.Store, text.DocValues, text.IncludeInAll, text.Analyzer = false, false, false, "cjk"
	doc := bleve.NewDocumentStaticMapping()
	for _, b := range boosts {
		doc.AddFieldMappingsAt(b.field, text)
	}
	m := bleve.NewIndexMapping()
	m.DefaultMapping, m.DefaultAnalyzer = doc, "cjk"
	return m
}

// Put takes in the text of a known error, in place of the one it had.
func (t *Texts) Put(_ context.Context, id workflow.ID, x knownerror.Text) error {
	err := t.index.Index(id.String(), map[string]any{FieldTitle: x.Title, FieldSymptom: x.Symptom, FieldRest: x.Rest})
	if err != nil {
		return fmt.Errorf("knownerror: bleve: %w", err)
	}
	return nil
}

// Remove forgets a known error.
func (t *Texts) Remove(_ context.Context, id workflow.ID) error {
	if err := t.index.Delete(id.String()); err != nil {
		return fmt.Errorf("knownerror: bleve: %w", err)
	}
	return nil
}

// Search finds the n known errors that agree best with a query, and those of also that
// agree with it at all.
func (t *Texts) Search(ctx context.Context, text string, n int, also []workflow.ID) ([]knownerror.Hit, error) {
	if len(text) > maxQuery {
		text = strings.ToValidUTF8(text[:maxQuery], "")
	}
	var fields []query.Query
	for _, b := range boosts {
		q := bleve.NewMatchQuery(text)
		q.SetField(b.field)
		q.SetBoost(b.boost)
		fields = append(fields, q)
	}
	words := bleve.NewDisjunctionQuery(fields...)
	hits, err := t.run(ctx, words, n)
	if err != nil || len(also) == 0 {
		return hits, err
	}
	ids := make([]string, len(also))
	for i, id := range also {
		ids[i] = id.String()
	}
	among := bleve.NewBooleanQuery() // a filter keeps the scores as they are
	among.AddMust(words)
	among.AddFilter(bleve.NewDocIDQuery(ids))
	more, err := t.run(ctx, among, len(also))
	if err != nil {
		return nil, err
	}
	for _, h := range more {
		if !slices.ContainsFunc(hits, func(x knownerror.Hit) bool { return x.ID == h.ID }) {
			hits = append(hits, h)
		}
	}
	slices.SortStableFunc(hits, func(a, b knownerror.Hit) int {
		return cmp.Or(-cmp.Compare(a.Strength, b.Strength), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return hits, nil
}

func (t *Texts) run(ctx context.Context, q query.Query, n int) ([]knownerror.Hit, error) {
	if n < 1 {
		return nil, nil
	}
	r := bleve.NewSearchRequestOptions(q, n, 0, false)
	r.IncludeLocations = true
	r.SortBy([]string{"-_score", "_id"})
	found, err := t.index.SearchInContext(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("knownerror: bleve: %w", err)
	}
	hits := make([]knownerror.Hit, 0, len(found.Hits))
	for _, m := range found.Hits {
		id, err := workflow.ParseID(m.ID)
		if err != nil {
			continue // something else that the host has in its index
		}
		hits = append(hits, knownerror.Hit{ID: id, Strength: m.Score / (m.Score + max(t.Half, 1e-9)), Words: wordsOf(m.Locations)})
	}
	return hits, nil
}

// wordsOf names the words that agree: those in the title first, then in the order of the
// alphabet, as the score of a single word is not told.
func wordsOf(found search.FieldTermLocationMap) []string {
	var words []string
	for _, b := range boosts {
		for _, w := range slices.Sorted(maps.Keys(found[b.field])) {
			if len(words) < maxWords && !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return words
}
