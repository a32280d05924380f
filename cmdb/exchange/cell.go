package exchange

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
)

// values turns the text of cells into values, by the attributes of a model.
type values struct {
	model   *cmdb.Model
	zone    *time.Location
	refer   func(attribute, text string) (workflow.Ref, error)
	classes map[string]map[string]*attribute // as they are met
}

// attribute is one that a class has, with a schema of it alone.
type attribute struct {
	cmdb.Attribute
	schema workflow.Schema
}

func newValues(m *cmdb.Model, zone *time.Location) *values {
	if zone == nil {
		zone = time.UTC
	}
	return &values{model: m, zone: zone, classes: map[string]map[string]*attribute{}}
}

// attributes returns those of a class that has items.
func (v *values) attributes(class string) (map[string]*attribute, error) {
	if known := v.classes[class]; known != nil {
		return known, nil
	}
	c, known := v.model.Class(class)
	if !known || c.Abstract {
		return nil, fmt.Errorf("class %.64q is unknown or abstract", class)
	}
	list := map[string]*attribute{}
	for _, a := range c.Attributes {
		a.Required = false
		schema, err := workflow.NewSchema(a.Field)
		if err != nil {
			return nil, err
		}
		list[a.Name] = &attribute{a, schema}
	}
	v.classes[class] = list
	return list, nil
}

// parse returns what a text means as a value of an attribute, in normal form.
func (v *values) parse(a *attribute, text string) (any, error) {
	value, err := v.convert(a, text)
	if err != nil {
		return nil, err
	}
	fields, err := a.schema.Check(map[string]any{a.Name: value})
	return fields[a.Name], err
}

func (v *values) convert(a *attribute, text string) (any, error) {
	switch a.Type {
	case workflow.FieldString:
		if a.Format != "" && a.Format.Placeholder(text) != "" {
			return text, nil // reconciliation tells that it says nothing
		}
		return a.Format.Normal(text)
	case workflow.FieldNumber:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%.64q is not a number such as 2.5", text)
		}
		return n, nil
	case workflow.FieldBool:
		return parseBool(text)
	case workflow.FieldTime:
		return parseTime(text, v.zone)
	case workflow.FieldEnum:
		if !slices.Contains(a.Values, text) {
			return nil, fmt.Errorf("%.64q is not one of %s", text, strings.Join(a.Values, ", "))
		}
	case workflow.FieldReference:
		return v.reference(a.Name, text)
	}
	return text, nil
}

func (v *values) reference(attribute, text string) (any, error) {
	if v.refer != nil {
		return v.refer(attribute, text)
	}
	ref, err := workflow.ParseRef(text)
	if err != nil {
		return nil, fmt.Errorf("%.64q does not refer to an item: want %s/ and the item's id, such as ci/01890a5d-ac96-774b-bcce-b302099a8057", text, cmdb.KindName)
	}
	return ref, nil
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("%.64q is not one of true, yes, 1, false, no, 0", text)
}

// plainTime is how spreadsheets and ServiceNow write an instant.
const plainTime = time.DateTime

// parseTime reads an instant. What does not say in which time zone it is, is in zone.
func parseTime(text string, zone *time.Location) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	for _, layout := range []string{plainTime, time.DateOnly} {
		if err == nil {
			break
		}
		t, err = time.ParseInLocation(layout, text, zone)
	}
	t = t.UTC()
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, fmt.Errorf("%.64q is not a time such as 2026-01-31T09:00:00Z, 2026-01-31 09:00:00 or 2026-01-31", text)
	}
	return t, nil
}

// formatValue writes a value so that parse reads the same.
func formatValue(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), nil
	case fmt.Stringer: // a decimal, a reference
		return v.String(), nil
	}
	return "", fmt.Errorf("a %T does not fit in a cell", value)
}
