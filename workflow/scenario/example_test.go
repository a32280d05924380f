package scenario_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/scenario"
)

// Without go test, a story is read, played, and compared by hand.
func ExampleScript_Play() {
	w, err := scenario.NewWorld(scenario.Config{Store: memstore.New()})
	if err != nil {
		panic(err)
	}
	if err := w.Define("greet", "name [loud=true]", func(c *scenario.Call) error {
		text := "hello " + c.Next("whom")
		if c.Bool("loud") {
			text = strings.ToUpper(text)
		}
		if err := c.Err(); err != nil {
			return err
		}
		c.Printf("%s, it is %s", text, w.Time(w.Now()))
		return nil
	}); err != nil {
		panic(err)
	}
	told, err := scenario.Parse(strings.NewReader(`
at 2026-12-24 08:00
greet ann
advance 10h
greet ben loud=true
----
hello ann, it is Thu 2026-12-24 08:00
HELLO BEN, it is Thu 2026-12-24 18:00
`))
	if err != nil {
		panic(err)
	}
	fmt.Println(len(told.Diff(told.Play(context.Background(), w))), "differences")
	// Output: 0 differences
}
