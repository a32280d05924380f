// Worktime answers questions about business time: a JSON object on each line of
// standard input, and one on each line of standard output.
//
//	echo '{"id":"q1","op":"add","start":"2026-03-06T16:00:00Z","business_seconds":7200,"calendar":{"tz":"Europe/Berlin","weekly":{"fri":[["09:00","17:30"]],"mon":[["09:00","17:30"]]}}}' |
//		go run ./examples/worktime
//
// prints
//
//	{"id":"q1","got":{"at":"2026-03-09T09:30:00Z"}}
//
// The operations are add and sub; between; is_open; next_open, next_open_edge,
// next_close and prev_open; segments and segments_back; add_days; resolve, for
// the instant of a wall clock's reading; and sla, for the clocks of a ticket. A
// question that cannot be answered gets {"id":…,"error":…}, and the others are
// answered all the same.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	_ "time/tzdata"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "worktime:", err)
		os.Exit(1)
	}
}

// maxLine is the longest question, in bytes.
const maxLine = 1 << 20

// reply is what a line of output says.
type reply struct {
	ID    string `json:"id"`
	Got   any    `json:"got,omitempty"`
	Error string `json:"error,omitempty"`
}

func run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	w := bufio.NewWriter(out)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		answer, err := json.Marshal(respond(lines.Bytes()))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n", answer); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading questions: %w", err)
	}
	return w.Flush()
}

func respond(line []byte) reply {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return reply{ID: q.ID, Error: err.Error()}
	}
	got, err := q.answer()
	if err != nil {
		return reply{ID: q.ID, Error: err.Error()}
	}
	return reply{ID: q.ID, Got: got}
}
