package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// ReadJSONL reads JSON lines: on each the JSON of a [reconcile.Payload], and nothing
// that it does not have. Blank lines are skipped. What the payloads say is not
// checked here: reconciliation does. A line of more than [MaxRow] bytes ends the
// reading.
func ReadJSONL(r io.Reader) Rows {
	return func(yield func(Row, error) bool) {
		lines := bufio.NewScanner(withoutMark(r))
		lines.Buffer(nil, MaxRow)
		n := 0
		for lines.Scan() {
			n++
			text := bytes.TrimSpace(lines.Bytes())
			if len(text) == 0 {
				continue
			}
			p, err := parsePayload(text, n)
			if !yield(Row{Line: n, Payload: p}, err) {
				return
			}
		}
		switch err := lines.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield(Row{Line: n + 1}, fmt.Errorf("cmdb: %s line %d: more than %d bytes: %w", FilePayloads, n+1, MaxRow, workflow.ErrInvalid))
		case err != nil:
			yield(Row{Line: n + 1}, fmt.Errorf("cmdb: %s: %w", FilePayloads, err))
		}
	}
}

func parsePayload(text []byte, line int) (reconcile.Payload, error) {
	var bad workflow.Problems
	if !utf8.Valid(text) {
		bad.Addf("the text is not UTF-8")
	}
	if text[0] != '{' {
		bad.Addf("want a JSON object")
	}
	var p reconcile.Payload
	bad.Add(workflow.ParseJSON(text, "payload", &p))
	if err := lineError(FilePayloads, line, &bad); err != nil {
		return reconcile.Payload{}, err
	}
	if len(p.Attributes) == 0 {
		p.Attributes = nil
	}
	if len(p.Relations) == 0 {
		p.Relations = nil
	}
	return p, nil
}

// WriteJSONL writes payloads as [ReadJSONL] reads them, everything in them included.
// An error is the writer's, or that of a value which has no JSON form.
func WriteJSONL(w io.Writer, payloads []reconcile.Payload) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, p := range payloads {
		if err := enc.Encode(p); err != nil {
			return fmt.Errorf("cmdb: %s: %s/%s: %w", FilePayloads, p.Source, p.Key, err)
		}
	}
	return nil
}
