package main

import (
	"bytes"
	"strings"
	"testing"
)

// The figures compare the same work only if all give the same answers, which the
// report checks.
func TestAllAgree(t *testing.T) {
	var out bytes.Buffer
	if err := report(&out, 3_000, 1); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"itsm", "flat arrays", "gonum", "dominikbraun", "cut sets"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("no row of %s:\n%s", name, &out)
		}
	}
}
