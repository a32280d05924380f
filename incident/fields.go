package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// valueOf returns a field that a lifecycle can name as text, to see whether it
// changed.
func valueOf(inc *Incident, field string) string {
	if name, ok := strings.CutPrefix(field, "field."); ok {
		return fmt.Sprint(inc.Fields[name])
	}
	switch field {
	case "title":
		return inc.Title
	case "details":
		return inc.Details
	case "caller":
		return inc.Caller
	case "category":
		return inc.Category
	case "subcategory":
		return inc.Subcategory
	case "service":
		return inc.Service
	case "affected_cis":
		return fmt.Sprint(inc.CIs)
	case "group":
		return inc.Group
	case "assignee":
		return inc.Assignee
	case "hold_reason":
		return string(inc.HoldReason)
	case "resolution_code", "resolution_notes":
		if inc.Resolution == nil {
			return ""
		}
		if field == "resolution_code" {
			return inc.Resolution.Code
		}
		return inc.Resolution.Notes
	case "duplicate_of":
		return inc.DuplicateOf.String()
	}
	return ""
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
