package scenario_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/scenario"
)

var update = flag.Bool("update", false, "rewrite the stories to say what happens")

// kettle is a record that whistles some time after it was put on.
type kettle struct {
	workflow.Record
	Whistles int `json:"whistles"`
}

// kitchen is a world with one kettle.
func kitchen(t testing.TB) *scenario.World {
	kettles, err := workflow.NewKind(workflow.KindConfig[*kettle]{Name: "kettle", New: func() *kettle { return new(kettle) }})
	require.NoError(t, err)
	id := workflow.SeededIDs(7).NewID(time.Unix(0, 0))
	deaf := 0
	w, err := scenario.NewWorld(scenario.Config{
		Store: memstore.New(), Kinds: []string{"kettle"},
		Deliver: workflow.HandlerFunc(func(context.Context, workflow.Due) error {
			if deaf > 0 {
				deaf--
				return errors.New("nobody heard")
			}
			return nil
		}),
	})
	require.NoError(t, err)
	whistle := func(tx *workflow.Tx) error {
		k, err := kettles.Get(tx, id)
		if err != nil {
			return err
		}
		k.Whistles++
		if err := tx.Send(kettles.Ref(id), "whistle", k.Whistles); err != nil {
			return err
		}
		return kettles.Put(tx, k, workflow.Entry{})
	}
	w.Handle("kettle", workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) error {
		_, err := w.Desk().Do(ctx, workflow.Command{Name: "kettle.whistle", Actor: workflow.System("stove"), Key: d.Key()}, whistle)
		return err
	}))
	require.NoError(t, w.Define("boil", "by= [in=5m] [deaf=n]", func(c *scenario.Call) error {
		by, in := c.Actor(), c.Duration("in")
		deaf = c.Int("deaf")
		if err := c.Err(); err != nil {
			return err
		}
		_, err := w.Desk().Do(c.Context(), workflow.Command{Name: "kettle.boil", Actor: by}, func(tx *workflow.Tx) error {
			if err := tx.Authorize(workflow.Access{Ref: kettles.Ref(id), Roles: []string{"cook"}}); err != nil {
				return err
			}
			k, err := kettles.GetOrCreate(tx, id, func() *kettle { return &kettle{Record: workflow.Record{Title: "kettle", State: "on"}} })
			if err != nil {
				return err
			}
			tx.SetTimer(kettles.Ref(id), "whistle", tx.Now().Add(in))
			return kettles.Put(tx, k, workflow.Entry{})
		})
		if err == nil {
			c.Printf("it will whistle at %s", w.Time(w.Now().Add(in)))
		}
		return err
	}))
	return w
}

func TestStories(t *testing.T) {
	scenario.Run(t, "testdata/*.txt", *update, kitchen)
}

func TestUpdateWritesWhatHappened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "story.txt")
	text := "# A comment.\n\nactor ann cook\nboil by=ann in=5m\n----\nnonsense\n\n# The end.\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	scenario.Run(t, file, true, kitchen)
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, strings.Replace(text, "nonsense", "it will whistle at Mon 2026-03-02 09:05", 1), string(after))
	scenario.Run(t, file, false, kitchen)
}

func TestDiffShowsTheBlockThatWentAnotherWay(t *testing.T) {
	told, err := scenario.Parse(strings.NewReader("now\n----\nMon 2026-03-02 09:00\n\nadvance 1h\nnow\n----\nMon 2026-03-02 09:30\n"))
	require.NoError(t, err)
	diffs := told.Diff(told.Play(t.Context(), kitchen(t)))
	require.Equal(t, []string{"line 5:\n\tadvance 1h\n\tnow\nwant:\n\tMon 2026-03-02 09:30\ngot:\n\tMon 2026-03-02 10:00"}, diffs)
}

func TestAStoryIsReadAsAWhole(t *testing.T) {
	_, err := scenario.Parse(strings.NewReader("----\n\nnow\n\nsay \"hello\nname=x\nsay \"a\"b\n----\n\nnow\n"))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{
		"line 1: dashes without a command", "line 4: the commands from line 3 on are not followed by a line ----",
		"line 5: the quotes of \"hello do not end", "line 6: a line begins with its command, not with name=",
		"line 7: no space in front of \"b\"", "the commands from line 10 on",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = scenario.Parse(strings.NewReader(strings.Repeat("# much\n", scenario.MaxScript/7+1)))
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestAWorldIsCheckedAsAWhole(t *testing.T) {
	_, err := scenario.NewWorld(scenario.Config{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	w := kitchen(t)
	for _, name := range []string{"", "boil", "two words", "a=b"} {
		require.ErrorIs(t, w.Define(name, "", func(*scenario.Call) error { return nil }), workflow.ErrInvalid, name)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# c\n\nnow\n----\nx\n\n\n# end\n")
	f.Add("open \"a \\\" b\" x=\"y z\" q=1\n----\n----\n")
	f.Add("a\n----\r\nb\n\n\n\nb\n----\n")
	w := kitchen(f)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := scenario.Parse(strings.NewReader(text))
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		once := s.Format()
		again, err := scenario.Parse(strings.NewReader(string(once)))
		require.NoError(t, err)
		require.Equal(t, string(once), string(again.Format()))
		require.Empty(t, s.Diff(again))
		for _, b := range s.Blocks {
			for _, c := range b.Commands {
				if !strings.HasPrefix(strings.TrimSpace(c), "a") { // time would pass for long
					for _, line := range w.Do(t.Context(), c) {
						require.NotEmpty(t, line, "an empty line would end the block")
						require.NotContains(t, line, "\n")
					}
				}
			}
		}
	})
}
