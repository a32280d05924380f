package cmdb

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

func TestItemsAreDrawnByTheShortestNameThatIsTheirOwn(t *testing.T) {
	id := func(text string) workflow.ID {
		id, err := workflow.ParseID(text)
		require.NoError(t, err)
		return id
	}
	one, two, three, four := id("01950000-0000-7000-8000-0000aaaaaaaa"), id("01950000-0000-7000-8000-0000bbbbbbbb"),
		id("01950000-0000-7000-8000-1111cccccccc"), id("01950000-0000-7000-8000-2222cccccccc")
	item := func(id workflow.ID, number string) Affected { return Affected{Item: Item{ID: id, Number: number}} }
	for _, test := range []struct {
		rule  string
		items []Affected
		want  map[workflow.ID]string
	}{
		{"the number", []Affected{item(one, "CI0000001"), item(two, "CI0000002")}, map[workflow.ID]string{one: "CI0000001", two: "CI0000002"}},
		{"else the end of the id", []Affected{item(one, ""), item(two, "CI0000002")}, map[workflow.ID]string{one: "aaaaaaaa", two: "CI0000002"}},
		{"else all of it", []Affected{item(three, ""), item(four, "")}, map[workflow.ID]string{three: three.String(), four: four.String()}},
		{"no number that two share", []Affected{item(one, "1"), item(two, "1")}, map[workflow.ID]string{one: "aaaaaaaa", two: "bbbbbbbb"}},
		{"nor one that is the end of another's id", []Affected{item(one, ""), item(two, "aaaaaaaa")}, map[workflow.ID]string{one: one.String(), two: "bbbbbbbb"}},
	} {
		require.Equal(t, test.want, pictured(test.items), test.rule)
	}
}
