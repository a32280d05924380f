package rca

import (
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Fishbone is the cause and effect diagram (Ishikawa): possible causes of an effect,
// by category.
type Fishbone struct {
	Effect     string     `json:"effect"`
	Categories []Category `json:"categories"`
}

// Category is a bone of the fish. It may have no cause yet.
type Category struct {
	Name   string  `json:"name"`
	Causes []Cause `json:"causes,omitempty"`
}

// MaxCategories is the most categories of one diagram.
const MaxCategories = 16

// SixM are the categories of manufacturing (Ishikawa), in today's words.
func SixM() []string {
	return []string{"Machine", "Method", "Material", "Manpower", "Measurement", "Mother Nature"}
}

// FourP are categories for services.
func FourP() []string { return []string{"Policies", "Procedures", "People", "Plant"} }

// EightP are categories for services and their market.
func EightP() []string {
	return []string{"Product", "Price", "Place", "Promotion", "People", "Process", "Physical evidence", "Performance"}
}

// FourDimensions are those of service management (ITIL 4).
func FourDimensions() []string {
	return []string{"Organizations and people", "Information and technology", "Partners and suppliers", "Value streams and processes"}
}

// NewFishbone returns a diagram with categories that have no causes yet.
func NewFishbone(effect string, categories ...string) *Fishbone {
	f := &Fishbone{Effect: effect}
	for _, name := range categories {
		f.Categories = append(f.Categories, Category{Name: name})
	}
	return f
}

// Add puts causes into a category. One that the diagram does not have is an error that
// lists those it has.
func (f *Fishbone) Add(category string, causes ...Cause) error {
	i := slices.IndexFunc(f.Categories, func(c Category) bool { return c.Name == category })
	if i < 0 {
		return fmt.Errorf("rca: category %.64q is not one of %q: %w", category, f.names(), workflow.ErrInvalid)
	}
	f.Categories[i].Causes = append(f.Categories[i].Causes, causes...)
	return nil
}

func (f *Fishbone) names() []string {
	names := make([]string, len(f.Categories))
	for i, c := range f.Categories {
		names[i] = c.Name
	}
	return names
}

// Validate reports everything that is wrong with the diagram in one error matching
// [workflow.ErrInvalid].
func (f *Fishbone) Validate() error {
	var p workflow.Problems
	checkText(&p, "the effect", f.Effect, true)
	if n := len(f.Categories); n == 0 || n > MaxCategories {
		p.Addf("%d categories, want 1 to %d", n, MaxCategories)
	}
	count := 0
	for i, c := range f.Categories[:min(len(f.Categories), MaxCategories)] {
		checkText(&p, fmt.Sprintf("the name of category %d", i+1), c.Name, true)
		if slices.Contains(f.names()[:i], c.Name) {
			p.Addf("category %.64q is listed twice", c.Name)
		}
		checkCauses(&p, c.Causes, fmt.Sprintf("category %.64q", c.Name), &count)
	}
	return p.Err("rca: cause and effect diagram")
}

// RootCauses are the leaves that are confirmed, category by category. The way to each
// starts with the category.
func (f *Fishbone) RootCauses() []RootCause {
	var list []RootCause
	for _, c := range f.Categories {
		list = append(list, roots(c.Causes, c.Name)...)
	}
	return list
}

// Open returns the leaves that nobody has verified yet, category by category.
func (f *Fishbone) Open() []string {
	var list []string
	for _, c := range f.Categories {
		list = append(list, unverified(c.Causes)...)
	}
	return list
}
