package workflow_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestDiagrams(t *testing.T) {
	d := requestDefinition(t)
	for name, text := range map[string]string{
		"request.mmd": workflow.Mermaid(d),
		"request.dot": workflow.DOT(d),
	} {
		t.Run(name, func(t *testing.T) {
			path := "testdata/lifecycle/" + name
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), text)
		})
	}
}

func TestDiagramsOfAnything(t *testing.T) {
	d := tiny()
	d.Name = `a "name" \ with` + "\n" + `quotes`
	d.States[0].Label = `say "hi": #1; <b>{x}</b>` + "\nnext"
	d.Initial = "limbo"
	d.Transitions = append(d.Transitions, workflow.Transition{From: []string{"limbo"}, Action: "leave", To: "new"})
	require.Equal(t, `stateDiagram-v2
    state "say #34;hi#34;#58; #35;1#59; #60;b#62;#123;x#125;#60;/b#62; next" as s1
    state "done" as s2
    s1 --> s2: finish
    s2 --> [*]
`, workflow.Mermaid(d))
	require.Equal(t, `digraph "a \"name\" \\ with\nquotes" {
	rankdir=LR
	node [shape=box, style=rounded]
	"new" [label="say \"hi\": #1; <b>{x}</b>\nnext"]
	"done" [label="done", peripheries=2]
	"new" -> "done" [label="finish"]
}
`, workflow.DOT(d))
	require.Equal(t, "stateDiagram-v2\n", workflow.Mermaid(workflow.Definition{}))
}
