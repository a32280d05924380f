package main

import (
	"bytes"
	"flag"
	"strings"
	"testing"
)

// The figures compare the same work only if all give the same answers.
func TestAllAgree(t *testing.T) {
	field, err := contestants()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range operations() {
		if err := agree(field, op); err != nil {
			t.Error(err)
		}
	}
	liar := field[0]
	liar.name, liar.between = "liar", field[1].between
	if err := agree([]contestant{field[0], liar}, operations()[3]); err == nil {
		t.Error("a wrong answer goes unnoticed")
	}
}

func TestTheTableHasARowForEachOperation(t *testing.T) {
	if err := flag.Set("test.benchtime", "1x"); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report(&out, 1); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(out.String(), "\n"), len(operations())+1; got != want {
		t.Errorf("%d lines, want %d:\n%s", got, want, out.String())
	}
}

func BenchmarkBusinessTime(b *testing.B) {
	field, err := contestants()
	if err != nil {
		b.Fatal(err)
	}
	for _, op := range operations() {
		for _, c := range field {
			b.Run(op.name+"/"+c.name, func(b *testing.B) {
				b.ReportAllocs()
				op.run(c, b.N)
			})
		}
	}
}

func TestTheScheduleFindsWhatLookingFinds(t *testing.T) {
	var out bytes.Buffer
	if err := clocks(&out, 2_000, 1); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n"); got != 7 {
		t.Errorf("%d lines, want 7:\n%s", got, out.String())
	}
}
