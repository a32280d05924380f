package sqlstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
	"github.com/itsm-go/itsm/workflow/storetest"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// access is a read of a record, or a write over an expected version.
type access struct {
	ref      workflow.Ref
	write    workflow.ID // the batch; zero = read
	expected int64
}

// answer is what came back: the version and batch seen, or a refusal.
type answer struct {
	version  int64 // also of a refusal
	head     workflow.Hash
	conflict bool
}

// register is the sequential meaning of one record.
var register = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[workflow.Ref][]porcupine.Operation{}
		for _, op := range history {
			ref := op.Input.(access).ref
			by[ref] = append(by[ref], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range by {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return answer{} },
	Step: func(before, input, output any) (bool, any) {
		state, in, out := before.(answer), input.(access), output.(answer)
		switch {
		case in.write == workflow.ID{}:
			return out == state, state
		case out.conflict:
			return out.version == state.version && state.version != in.expected, state
		}
		return state.version == in.expected, out
	},
}

// TestHistoriesAreLinearizable lets clients of two handles on one file read and
// write the same records, those of each handle sharing transactions, and asks whether some order of the calls, each at one
// instant while it ran, explains every answer.
func TestHistoriesAreLinearizable(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{Durability: sqlstore.Relaxed})
	second, err := sqlstore.Open(ctx, path, sqlstore.Config{Durability: sqlstore.Relaxed})
	require.NoError(t, err)
	defer second.Close()
	refs := []workflow.Ref{newAuthor(1).ref("ticket"), newAuthor(2).ref("ticket"), newAuthor(3).ref("ticket")}

	var now atomic.Int64
	var mu sync.Mutex
	var history []porcupine.Operation
	var clients sync.WaitGroup
	for client := range 16 {
		clients.Go(func() {
			s := []*sqlstore.DB{db, second}[client%2].Tenant("acme")
			r := rand.New(rand.NewPCG(9, uint64(client)))
			a := newAuthor(100 + uint64(client))
			for range 24 {
				ref := refs[r.IntN(len(refs))]
				in := access{ref: ref}
				call := now.Add(1)
				out, err := read(ctx, s, a, ref)
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: now.Add(1)})
				mu.Unlock()
				if err != nil {
					t.Error(err)
					return
				}
				b := a.step(ref)
				in = access{ref, b.ID, out.version}
				call = now.Add(1)
				out, err = write(ctx, s, b)
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: now.Add(1)})
				mu.Unlock()
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	requireVerdict(t, true, history)
	for i, op := range history {
		if in := op.Input.(access); (in.write != workflow.ID{}) && !op.Output.(answer).conflict {
			lost := slices.Clone(history) // as if a read after this write had not seen it
			lost = append(lost, porcupine.Operation{ClientId: 99, Input: access{ref: in.ref}, Call: now.Add(1), Output: answer{}, Return: now.Add(1)})
			requireVerdict(t, false, lost)
			if i > 40 {
				break
			}
		}
	}
	_, err = workflow.VerifyStore(ctx, db.Tenant("acme"), nil, "ticket")
	require.NoError(t, err)
}

// requireVerdict asks porcupine and the conformance suite's own judge, which
// must agree.
func requireVerdict(t *testing.T, linearizable bool, history []porcupine.Operation) {
	t.Helper()
	require.Equal(t, linearizable, porcupine.CheckOperations(register, history))
	var h storetest.History
	for _, op := range history {
		in, out := op.Input.(access), op.Output.(answer)
		judged := storetest.Op{Client: op.ClientId, Ref: in.ref, Outcome: storetest.Read, Version: out.version, Head: out.head,
			Call: op.Call, Return: op.Return}
		switch {
		case out.conflict:
			judged.Outcome, judged.Version, judged.Actual = storetest.Refused, in.expected+1, out.version
		case in.write != workflow.ID{}:
			judged.Outcome = storetest.Written
		}
		h = append(h, judged)
	}
	require.Equal(t, linearizable, storetest.Linearizable(h) == nil)
}

func read(ctx context.Context, s workflow.Store, a *author, ref workflow.Ref) (answer, error) {
	doc, err := s.Get(ctx, ref)
	if errors.Is(err, workflow.ErrNotFound) {
		doc, err = workflow.Document{}, nil
	}
	a.last[ref] = doc
	return answer{version: doc.Version, head: doc.Head}, err
}

func write(ctx context.Context, s workflow.Store, b workflow.Batch) (answer, error) {
	err := s.Commit(ctx, b)
	var conflict *workflow.ConflictError
	if errors.As(err, &conflict) {
		return answer{version: conflict.Actual, conflict: true}, nil
	}
	doc := b.Writes[0].Document
	return answer{version: doc.Version, head: doc.Head}, err
}
