package scenario

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Play carries out a story in a world and returns it with what happened in the
// place of what was expected.
func (s Script) Play(ctx context.Context, w *World) Script {
	played := Script{Blocks: slices.Clone(s.Blocks), tail: s.tail}
	for i := range played.Blocks {
		b := &played.Blocks[i]
		b.Want = nil
		for _, line := range b.Commands {
			b.Want = append(b.Want, w.Do(ctx, line)...)
		}
	}
	return played
}

// Diff lists where a story went another way than it says, block by block; it is
// empty when all went as told.
func (s Script) Diff(played Script) []string {
	var diffs []string
	for i, b := range s.Blocks {
		got := played.Blocks[i].Want
		if !slices.Equal(b.Want, got) {
			diffs = append(diffs, fmt.Sprintf("line %d:\n\t%s\nwant:\n\t%s\ngot:\n\t%s", b.Line,
				strings.Join(b.Commands, "\n\t"), strings.Join(b.Want, "\n\t"), strings.Join(got, "\n\t")))
		}
	}
	return diffs
}

// Run plays every story whose file matches the pattern, each as a subtest in a
// world of its own, and reports where it goes another way. With update, the files
// are rewritten to say what happened instead; a test usually takes that from a
// flag of its own. A pattern that matches no file is an error.
func Run(t *testing.T, pattern string, update bool, open func(t testing.TB) *World) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("scenario: no story matches %q: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			told, err := Parse(bytes.NewReader(text))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			played := told.Play(t.Context(), open(t))
			if update {
				if err := os.WriteFile(file, played.Format(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for _, d := range told.Diff(played) {
				t.Errorf("%s: %s", file, d)
			}
		})
	}
}
