package scenario

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// MaxScript is the largest story there may be, in bytes.
const MaxScript = 1 << 20

const dashes = "----"

// Script is a story as it was read.
type Script struct {
	Blocks []Block
	tail   []string // comments behind the last block
}

// Block is a few commands and what they are to print.
type Block struct {
	Line     int      // of the first command, counted from 1
	Comments []string // above the block, empty lines among them
	Commands []string // one a line, comments among them
	Want     []string // the lines expected
}

// Parse reads a story. The error names every line that makes no sense, and
// matches [workflow.ErrInvalid].
func Parse(r io.Reader) (Script, error) {
	var p workflow.Problems
	var s Script
	in := bufio.NewScanner(io.LimitReader(r, MaxScript+1))
	in.Buffer(nil, MaxScript+2)
	b := Block{}
	size, output := 0, false
	for n := 1; in.Scan(); n++ {
		size += len(in.Bytes()) + 1
		line := strings.TrimRight(in.Text(), " \t\r")
		switch {
		case output && line == "":
			s.Blocks = append(s.Blocks, b)
			b, output = Block{}, false
		case output:
			b.Want = append(b.Want, line)
		case line == dashes && b.Line == 0:
			p.Addf("line %d: dashes without a command above them", n)
		case line == dashes:
			output = true
		case b.Line == 0 && (line == "" || line[0] == '#'):
			b.Comments = append(b.Comments, line)
		case line == "":
			p.Addf("line %d: the commands from line %d on are not followed by a line %s", n, b.Line, dashes)
			b = Block{}
		default:
			if b.Line == 0 {
				b.Line = n
			}
			b.Commands = append(b.Commands, line)
			if _, err := split(line); err != nil {
				p.Addf("line %d: %w", n, err)
			}
		}
	}
	if err := in.Err(); err != nil || size > MaxScript+1 {
		p.Addf("longer than %d bytes, or unreadable: %v", MaxScript, err)
	}
	switch {
	case output:
		s.Blocks = append(s.Blocks, b)
	case b.Line > 0:
		p.Addf("the commands from line %d on are not followed by a line %s", b.Line, dashes)
	default:
		s.tail = b.Comments
	}
	return s, p.Err("scenario")
}

// Format writes the story as it is read.
func (s Script) Format() []byte {
	var out strings.Builder
	for i, b := range s.Blocks {
		if i > 0 {
			out.WriteByte('\n')
		}
		for _, lines := range [][]string{b.Comments, b.Commands, {dashes}, b.Want} {
			for _, l := range lines {
				fmt.Fprintln(&out, l)
			}
		}
	}
	if len(s.Blocks) > 0 && len(s.tail) > 0 {
		out.WriteByte('\n')
	}
	for _, l := range s.tail {
		fmt.Fprintln(&out, l)
	}
	return []byte(out.String())
}

// split takes a command line apart: words, "quoted words", and name=value with
// either kind of value. A line that begins with # has none.
func split(line string) ([]word, error) {
	var words []word
	for rest := strings.TrimLeft(line, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		if len(words) == 0 && rest[0] == '#' {
			return nil, nil
		}
		var w word
		if i := strings.IndexAny(rest, "= \t\""); i > 0 && rest[i] == '=' {
			w.name, rest = rest[:i], rest[i+1:]
		}
		var err error
		if w.value, rest, err = value(rest); err != nil {
			return nil, err
		}
		if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
			return nil, fmt.Errorf("no space in front of %q", rest)
		}
		words = append(words, w)
	}
	if len(words) > 0 && words[0].name != "" {
		return nil, fmt.Errorf("a line begins with its command, not with %s=", words[0].name)
	}
	return words, nil
}

type word struct{ name, value string }

func value(s string) (v, rest string, err error) {
	if s == "" || s[0] != '"' {
		if i := strings.IndexAny(s, " \t\""); i >= 0 {
			return s[:i], s[i:], nil
		}
		return s, "", nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", fmt.Errorf("the quotes of %s do not end", s)
}
