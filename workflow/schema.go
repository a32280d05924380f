package workflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Fields are a record's custom fields in normal form, which is what JSON gives
// back: text, decimals, times, choices and references are strings, numbers are
// float64, truth values are bool. A [Schema] checks them and reads them as what
// they are.
type Fields map[string]any

// FieldType is what a custom field holds.
type FieldType string

// The types of custom field.
const (
	FieldString    FieldType = "string"
	FieldNumber    FieldType = "number"  // a float64: measurements, never money
	FieldDecimal   FieldType = "decimal" // exact; money
	FieldBool      FieldType = "bool"
	FieldTime      FieldType = "time"      // an instant
	FieldEnum      FieldType = "enum"      // one of Field.Values
	FieldReference FieldType = "reference" // another record, as a [Ref]
)

// Field declares one custom field.
type Field struct {
	Name     string    `json:"name"`
	Label    string    `json:"label,omitempty"`
	Type     FieldType `json:"type"`
	Required bool      `json:"required,omitempty"` // every record must have it
	Indexed  bool      `json:"indexed,omitempty"`  // records can be found by it
	Values   []string  `json:"values,omitempty"`   // of an enum
	Kinds    []string  `json:"kinds,omitempty"`    // a reference's allowed kinds; empty = all
	Max      int       `json:"max,omitempty"`      // bytes of a string; default and limit MaxText
}

// MaxFields is the most custom fields one schema may declare.
const MaxFields = 200

// Schema is a compiled declaration of custom fields. It is immutable and safe
// for concurrent use. The zero Schema declares none, and so allows none.
type Schema struct{ fields map[string]Field }

// NewSchema checks the declarations and compiles them. The error lists every
// fault.
func NewSchema(fields ...Field) (Schema, error) {
	var p Problems
	if len(fields) > MaxFields {
		p.Addf("%d fields, at most %d", len(fields), MaxFields)
	}
	s := Schema{fields: make(map[string]Field, len(fields))}
	for i, f := range fields {
		f.validate(&p, i)
		if _, ok := s.fields[f.Name]; ok {
			p.Addf("field %d: %q is declared twice", i+1, f.Name)
		}
		f.Values, f.Kinds = slices.Clone(f.Values), slices.Clone(f.Kinds)
		s.fields[f.Name] = f
	}
	if err := p.Err("workflow: schema"); err != nil {
		return Schema{}, err
	}
	return s, nil
}

// ParseSchema compiles declarations written as a JSON list of [Field]. Unknown
// properties are refused.
func ParseSchema(data []byte) (Schema, error) {
	var fields []Field
	if err := ParseJSON(data, "workflow: schema", &fields); err != nil {
		return Schema{}, err
	}
	return NewSchema(fields...)
}

func (f Field) validate(p *Problems, i int) {
	fault := func(format string, args ...any) {
		p.Addf("field %d (%s): %s", i+1, f.Name, fmt.Sprintf(format, args...))
	}
	if !validName(f.Name) {
		fault("a name has letters, digits, '.', '_' or '-'")
	}
	switch f.Type {
	case FieldString, FieldNumber, FieldDecimal, FieldBool, FieldTime, FieldEnum, FieldReference:
	default:
		fault("unknown type %q", f.Type)
	}
	if (f.Type == FieldEnum) != (len(f.Values) > 0) {
		fault("an enum, and nothing else, lists values")
	}
	for j, v := range f.Values {
		if v == "" || slices.Contains(f.Values[:j], v) {
			fault("value %q is empty or listed twice", v)
		}
	}
	if len(f.Kinds) > 0 && f.Type != FieldReference {
		fault("only a reference has kinds")
	}
	if f.Max < 0 || f.Max > MaxText || f.Max > 0 && f.Type != FieldString {
		fault("max is for strings, and at most %d", MaxText)
	}
}

// Fields returns the declarations, by name.
func (s Schema) Fields() []Field {
	names := slices.Sorted(maps.Keys(s.fields))
	out := make([]Field, len(names))
	for i, n := range names {
		f := s.fields[n]
		f.Values, f.Kinds = slices.Clone(f.Values), slices.Clone(f.Kinds)
		out[i] = f
	}
	return out
}

// MarshalJSON writes the declarations as [ParseSchema] reads them.
func (s Schema) MarshalJSON() ([]byte, error) { return json.Marshal(s.Fields()) }

// Check returns the values in normal form, or one error that lists every
// unknown field, wrong value and missing required field. Besides the normal
// form it takes Go values: int, int64, [decimal.Decimal], [time.Time] and
// [Ref]. A nil value is a field left out.
func (s Schema) Check(values map[string]any) (Fields, error) {
	var p Problems
	out := Fields{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		f, ok := s.fields[name]
		switch v := values[name]; {
		case !ok:
			p.Addf("field %.64q is not declared; declared are %s", name, strings.Join(slices.Sorted(maps.Keys(s.fields)), ", "))
		case v != nil:
			n, err := f.normal(v)
			if err != nil {
				p.Addf("field %s: %w", name, err)
			}
			out[name] = n
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		if s.fields[name].Required && (out[name] == nil || out[name] == "") {
			p.Addf("field %s is required", name)
		}
	}
	if err := p.Err("workflow: custom fields"); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// ParseFields reads a JSON object of custom fields and checks it.
func (s Schema) ParseFields(data []byte) (Fields, error) {
	var values map[string]any
	if err := ParseJSON(data, "workflow: custom fields", &values); err != nil {
		return nil, err
	}
	return s.Check(values)
}

// Index returns the entries of the indexed fields, under "field." and the name.
func (s Schema) Index(values Fields) []IndexEntry {
	var entries []IndexEntry
	for name, v := range values {
		if f := s.fields[name]; f.Indexed {
			entries = append(entries, IndexEntry{"field." + name, f.key(v)})
		}
	}
	return NewIndex(entries...)
}

// Decimal returns a decimal field; ok is false when it is not set.
func (v Fields) Decimal(name string) (d decimal.Decimal, ok bool) {
	s, _ := v[name].(string)
	d, err := decimal.NewFromString(s)
	return d, err == nil
}

// Time returns a time field; ok is false when it is not set.
func (v Fields) Time(name string) (t time.Time, ok bool) {
	s, _ := v[name].(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

// Reference returns a reference field; ok is false when it is not set.
func (v Fields) Reference(name string) (r Ref, ok bool) {
	s, _ := v[name].(string)
	r, err := ParseRef(s)
	return r, err == nil
}

// String returns a string or enum field, or "".
func (v Fields) String(name string) string {
	s, _ := v[name].(string)
	return s
}

// Number returns a number field; ok is false when it is not set.
func (v Fields) Number(name string) (n float64, ok bool) {
	n, ok = v[name].(float64)
	return n, ok
}

// Bool returns a bool field, or false.
func (v Fields) Bool(name string) bool {
	b, _ := v[name].(bool)
	return b
}

func (f Field) normal(v any) (any, error) {
	switch f.Type {
	case FieldString, FieldEnum:
		if s, ok := v.(string); ok {
			return s, f.checkText(s)
		}
	case FieldNumber:
		return f.normalNumber(v)
	case FieldDecimal:
		return f.normalDecimal(v)
	case FieldBool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case FieldTime:
		return f.normalTime(v)
	case FieldReference:
		return f.normalReference(v)
	}
	return nil, f.mismatch(v)
}

func (f Field) checkText(s string) error {
	limit := f.Max
	if limit == 0 {
		limit = MaxText
	}
	switch {
	case f.Type == FieldEnum && !slices.Contains(f.Values, s):
		return fmt.Errorf("%.64q is not one of %s", s, strings.Join(f.Values, ", "))
	case len(s) > limit:
		return fmt.Errorf("%d bytes, at most %d", len(s), limit)
	}
	return nil
}

func (f Field) normalNumber(v any) (any, error) {
	var n float64
	switch v := v.(type) {
	case float64:
		n = v
	case int:
		n = float64(v)
	case int64:
		n = float64(v)
	default:
		return nil, f.mismatch(v)
	}
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, fmt.Errorf("%v is not a finite number", n)
	}
	return n, nil
}

// maxDecimal bounds the text of a decimal: "1e1000000000" is ten bytes to read
// and a gigabyte to print.
const maxDecimal = 64

func (f Field) normalDecimal(v any) (any, error) {
	switch v := v.(type) {
	case decimal.Decimal:
		if e := v.Exponent(); e > maxDecimal || e < -maxDecimal || v.NumDigits() > maxDecimal {
			return nil, fmt.Errorf("more than %d digits", maxDecimal)
		}
		return v.String(), nil
	case string:
		d, err := decimal.NewFromString(v)
		if err != nil || len(v) > maxDecimal {
			return nil, fmt.Errorf("%.64q is not a decimal of at most %d characters", v, maxDecimal)
		}
		return f.normalDecimal(d)
	case int:
		return decimal.NewFromInt(int64(v)).String(), nil
	case int64:
		return decimal.NewFromInt(v).String(), nil
	}
	return nil, f.mismatch(v)
}

func (f Field) normalTime(v any) (any, error) {
	switch v := v.(type) {
	case time.Time:
		if y := v.UTC().Year(); y < 1 || y > 9999 {
			return nil, fmt.Errorf("the year %d is not in 1 to 9999", y)
		}
		return stamp(v).Format(time.RFC3339Nano), nil
	case string:
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return nil, fmt.Errorf("%.64q is not a time such as 2026-01-31T09:00:00Z", v)
		}
		return f.normalTime(t)
	}
	return nil, f.mismatch(v)
}

func (f Field) normalReference(v any) (any, error) {
	if s, ok := v.(string); ok {
		r, err := ParseRef(s)
		if err != nil {
			return nil, err
		}
		v = r
	}
	r, ok := v.(Ref)
	switch {
	case !ok:
		return nil, f.mismatch(v)
	case !validName(r.Kind) || r.ID == (ID{}):
		return nil, fmt.Errorf("%v is not a record reference", r)
	case len(f.Kinds) > 0 && !slices.Contains(f.Kinds, r.Kind):
		return nil, fmt.Errorf("%v is not one of %s", r, strings.Join(f.Kinds, ", "))
	}
	return r.String(), nil
}

func (f Field) mismatch(v any) error {
	return fmt.Errorf("%T is not a value of type %s", v, f.Type)
}

// key makes numbers and times sort as such in an index.
func (f Field) key(v any) Key {
	switch v := v.(type) {
	case bool:
		return BoolKey(v)
	case float64:
		return floatKey(v)
	case string:
		switch f.Type {
		case FieldTime:
			t, _ := time.Parse(time.RFC3339Nano, v)
			return TimeKey(t)
		case FieldDecimal:
			d, _ := decimal.NewFromString(v)
			return DecimalKey(d)
		}
		return StringKey(v)
	}
	return ""
}
