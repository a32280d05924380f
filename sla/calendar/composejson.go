package calendar

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// composition is the written form of a composed calendar. A part is a Calendar
// when written and raw text when read.
type composition[Part any] struct {
	Union        []Part              `json:"union,omitempty"`
	Intersection []Part              `json:"intersection,omitempty"`
	Base         Part                `json:"base,omitzero"`
	Without      []Part              `json:"without,omitempty"`
	Versions     []versionForm[Part] `json:"versions,omitempty"`
}

type versionForm[Part any] struct {
	From     time.Time `json:"from,omitzero"`
	Calendar Part      `json:"calendar"`
}

// document is any calendar as Parse reads it.
type document struct {
	Definition
	composition[json.RawMessage]
}

// parser counts the calendars that a text may still hold.
type parser struct{ left int }

func (p *parser) parse(data []byte, depth int) (*Calendar, error) {
	if p.left--; p.left < 0 {
		return nil, fmt.Errorf("more than %d calendars", maxCalendars)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("composed more than %d deep", maxDepth)
	}
	var doc document
	if err := decode(data, &doc); err != nil {
		return nil, err
	}
	forms := 0
	for _, has := range []bool{doc.Union != nil, doc.Intersection != nil, doc.Base != nil || doc.Without != nil, doc.Versions != nil} {
		if has {
			forms++
		}
	}
	switch {
	case forms == 0:
		return Compile(doc.Definition)
	case forms > 1:
		return nil, errors.New("want one of union, intersection, base with without, versions")
	case doc.Zone != "" || doc.Weekly != nil || doc.Holidays != nil || doc.Overrides != nil || doc.Breaks != nil:
		return nil, errors.New("a composed calendar has no zone, hours or dates of its own")
	}
	return p.compose(&doc, depth)
}

// compose builds the one form that the document has.
func (p *parser) compose(doc *document, depth int) (*Calendar, error) {
	switch {
	case doc.Union != nil:
		parts, err := p.parts("union", doc.Union, depth)
		if err != nil {
			return nil, err
		}
		return Union(doc.Name, parts...)
	case doc.Intersection != nil:
		parts, err := p.parts("intersection", doc.Intersection, depth)
		if err != nil {
			return nil, err
		}
		return Intersection(doc.Name, parts...)
	case doc.Versions != nil:
		raw := make([]json.RawMessage, len(doc.Versions))
		for i, v := range doc.Versions {
			raw[i] = v.Calendar
		}
		parts, err := p.parts("versions", raw, depth)
		if err != nil {
			return nil, err
		}
		list := make([]Version, len(parts))
		for i, c := range parts {
			list[i] = Version{doc.Versions[i].From, c}
		}
		return Versions(doc.Name, list...)
	}
	parts, err := p.parts("exclusion", append([]json.RawMessage{doc.Base}, doc.Without...), depth)
	if err != nil {
		return nil, err
	}
	return Exclusion(doc.Name, parts[0], parts[1:]...)
}

// parts parses them all, so that the error names the problems of each.
func (p *parser) parts(kind string, list []json.RawMessage, depth int) ([]*Calendar, error) {
	parts := make([]*Calendar, len(list))
	var errs []error
	for i, raw := range list {
		if p.left < 0 {
			break
		}
		var err error
		if parts[i], err = p.parse(raw, depth+1); err != nil {
			errs = append(errs, fmt.Errorf("%s, calendar %d: %w", kind, i+1, err))
		}
	}
	return parts, errors.Join(errs...)
}
