package workflow_test

import (
	"testing"

	"github.com/itsm-go/itsm/workflow"
)

func benchMachine(b *testing.B) *workflow.Machine[*int] {
	d := requestDefinition(b)
	bind := workflow.Bindings[*int]{Guards: map[string]workflow.Guard[*int]{}, Fields: map[string]func(*int) bool{}}
	for _, g := range guardNames {
		bind.Guards[g] = workflow.Guard[*int]{Check: func(n *int) bool { return *n > 0 && g != "frozen" }}
	}
	for _, f := range fieldNames {
		bind.Fields[f] = func(n *int) bool { return *n > 0 }
	}
	m, err := workflow.Compile(d, bind)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// One guarded transition: a role, two guards and a field.
func BenchmarkFire(b *testing.B) {
	m, n := benchMachine(b), 1
	from, _ := m.State("in_progress")
	act, _ := m.Action("resolve")
	roles := m.Roles("agent")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Fire(from, act, roles, &n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFireName(b *testing.B) {
	m, n := benchMachine(b), 1
	roles := m.Roles("agent")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.FireName("in_progress", "resolve", roles, &n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	d, bind := requestDefinition(b), factBindings()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := workflow.Compile(d, bind); err != nil {
			b.Fatal(err)
		}
	}
}
