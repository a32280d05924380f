package privacytest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/workflow"

	"github.com/stretchr/testify/require"
)

// Forget writes letters, redacts one and erases another, again and again until it fails
// or is killed, and reports what was acknowledged: "redacted <id>", "erased <id>".
func Forget(ctx context.Context, s Store, seed uint64, report func(line string)) error {
	o, err := newOffice(s, seed)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		kept, err := o.write(ctx, "bob", n)
		if err != nil {
			return err
		}
		gone, err := o.write(ctx, "bob", n)
		if err != nil {
			return err
		}
		if _, err := o.Redact(ctx, kept); err != nil {
			return err
		}
		report("redacted " + kept.String())
		if err := s.Erase(ctx, workflow.Erasure{Ref: o.Letters.Ref(gone), Version: 1}); err != nil {
			return err
		}
		report("erased " + gone.String())
	}
}

// Kill runs a process until it has written so many lines, kills it and returns all that
// it wrote.
func Kill(t testing.TB, child *exec.Cmd, after int) (lines []string) {
	t.Helper()
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break // a line that was cut short was not acknowledged
		}
		require.NoError(t, err)
		if lines = append(lines, strings.TrimSpace(line)); len(lines) == after {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.ErrorContains(t, child.Wait(), "killed")
	return lines
}

// CheckForgotten checks a store in which Forget was killed: what was acknowledged holds,
// nothing is half done, and what was begun can be ended.
func CheckForgotten(t testing.TB, s Store, lines []string) {
	t.Helper()
	ctx := context.Background()
	o := NewOffice(t, s, 1)
	for _, line := range lines {
		var what, text string
		_, err := fmt.Sscan(line, &what, &text)
		require.NoError(t, err)
		id, err := workflow.ParseID(text)
		require.NoError(t, err)
		ref := o.Letters.Ref(id)
		history, err := workflow.History(ctx, s, ref)
		require.NoError(t, err)
		if what == "erased" {
			_, err := s.Get(ctx, ref)
			require.ErrorIs(t, err, workflow.ErrNotFound, line)
			require.Empty(t, history, line)
			continue
		}
		require.Empty(t, workflow.PendingRedaction(history).Values, line)
	}
	before, err := workflow.VerifyStore(ctx, s, nil, "letter")
	require.NoError(t, err)
	there := map[workflow.Ref]bool{}
	for doc, err := range s.Find(ctx, workflow.Query{Kind: "letter"}) {
		require.NoError(t, err)
		there[doc.Ref] = true
		_, err = workflow.FinishRedaction(ctx, s, doc.Ref)
		require.NoError(t, err)
		if doc.Version == 2 { // the event that says so is there
			requireRedacted(t, s, doc.Ref)
		}
	}
	after, err := workflow.VerifyStore(ctx, s, nil, "letter")
	require.NoError(t, err)
	require.Equal(t, before, after)
	work := map[workflow.Ref]int{}
	for w, err := range s.Backlog(ctx) {
		require.NoError(t, err)
		if w.Timer != nil {
			work[w.Timer.Ref]++
		} else {
			work[w.Message.Ref]++
		}
	}
	require.Len(t, work, len(there))
	for ref := range there {
		require.Equal(t, 2, work[ref], "a timer and a message of %v", ref)
	}
}

func requireRedacted(t testing.TB, s Store, ref workflow.Ref) {
	t.Helper()
	history, err := workflow.History(context.Background(), s, ref)
	require.NoError(t, err)
	for _, e := range history {
		text, err := e.Encode()
		require.NoError(t, err)
		require.NotContains(t, string(text), Phone)
		require.NotContains(t, string(text), "from-bob")
	}
}
