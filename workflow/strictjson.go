package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// ParseJSON decodes configuration or input that somebody has written: one JSON
// value of at most [MaxBody] bytes, with no field that into does not have and
// nothing behind it. The error names what was to be decoded and matches
// [ErrInvalid].
func ParseJSON(data []byte, what string, into any) error {
	if len(data) > MaxBody {
		return fmt.Errorf("%s of %d bytes, at most %d: %w", what, len(data), MaxBody, ErrInvalid)
	}
	if err := strictJSON(data, into); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !json.Valid(data) { // a bracket too many ends a stream well, but not a document
		return fmt.Errorf("%s: more follows behind the JSON value: %w", what, ErrInvalid)
	}
	return nil
}

// strictJSON decodes one JSON value and refuses unknown fields and anything
// behind the value.
func strictJSON(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", err, ErrInvalid)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more follows behind the JSON value: %w", ErrInvalid)
	}
	return nil
}
