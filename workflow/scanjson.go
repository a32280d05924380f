package workflow

import (
	"encoding/json"
	"fmt"
)

// member is one field of a JSON object, or one place of a list (no name).
type member struct {
	name  string
	value json.RawMessage
}

// splitJSON cuts a compact JSON object or list into its members without
// decoding them: comparing two encodings of a record is then mostly comparing
// bytes.
func splitJSON(v json.RawMessage) ([]member, error) {
	bad := func() ([]member, error) {
		return nil, fmt.Errorf("workflow: %.40q is not compact JSON: %w", v, ErrInvalid)
	}
	if len(v) < 2 || (v[0] != '{' && v[0] != '[') || v[len(v)-1] != v[0]+2 {
		return bad()
	}
	object := v[0] == '{'
	var ms []member
	for i := 1; i < len(v)-1; {
		var m member
		if object {
			end := skipString(v, i)
			if end < 0 || end >= len(v) || v[end] != ':' {
				return bad()
			}
			name, err := unquote(v[i:end])
			if err != nil {
				return bad()
			}
			m.name, i = name, end+1
		}
		end := skipValue(v, i)
		if end <= i || end > len(v)-1 || (end < len(v)-1 && v[end] != ',') {
			return bad()
		}
		m.value = v[i:end]
		ms = append(ms, m)
		i = end + 1
	}
	return ms, nil
}

func unquote(quoted []byte) (string, error) {
	for _, c := range quoted {
		if c == '\\' {
			var s string
			err := json.Unmarshal(quoted, &s)
			return s, err
		}
	}
	return string(quoted[1 : len(quoted)-1]), nil
}

// skipString returns the index behind the string that begins at i, or -1.
func skipString(v []byte, i int) int {
	if i >= len(v) || v[i] != '"' {
		return -1
	}
	for i++; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// skipValue returns the index behind the value that begins at i, or -1.
func skipValue(v []byte, i int) int {
	depth := 0
	for i < len(v) {
		switch v[i] {
		case '"':
			if i = skipString(v, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return -1
}
