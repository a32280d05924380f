package storetest_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/storetest"
)

var register = workflow.Ref{Kind: "incident", ID: workflow.ID{1}}

// op builds an operation; the content of a version is one byte.
func op(o storetest.Outcome, version int64, content byte, call, ret int64) storetest.Op {
	x := storetest.Op{Ref: register, Outcome: o, Version: version, Call: call, Return: ret}
	if o == storetest.Refused {
		x.Actual = int64(content)
	} else {
		x.Head[0] = content
	}
	return x
}

func TestLinearizable(t *testing.T) {
	read, written, refused, unsure := storetest.Read, storetest.Written, storetest.Refused, storetest.Unsure
	tests := map[string]struct {
		h    storetest.History
		want bool
	}{
		"nothing happened":                            {nil, true},
		"a read before, during and after a write":     {storetest.History{op(read, 0, 0, 1, 2), op(written, 1, 7, 3, 6), op(read, 0, 0, 4, 5), op(read, 1, 7, 7, 8)}, true},
		"a write is seen before it returns":           {storetest.History{op(written, 1, 7, 1, 4), op(read, 1, 7, 2, 3)}, true},
		"the past is read after a write returned":     {storetest.History{op(written, 1, 7, 1, 2), op(read, 0, 0, 3, 4)}, false},
		"the past is read after the present was read": {storetest.History{op(written, 1, 7, 1, 6), op(read, 1, 7, 2, 3), op(read, 0, 0, 4, 5)}, false},
		"a version is read before it was asked for":   {storetest.History{op(read, 1, 7, 1, 2), op(written, 1, 7, 3, 4)}, false},
		"two writers of one version both succeed":     {storetest.History{op(written, 1, 7, 1, 3), op(written, 1, 8, 2, 4)}, false},
		"one of two writers is refused":               {storetest.History{op(written, 1, 7, 1, 3), op(refused, 1, 1, 2, 4)}, true},
		"refused by a version that was not there yet": {storetest.History{op(refused, 1, 1, 1, 2), op(written, 1, 7, 3, 4)}, false},
		"refused although nothing stood in the way":   {storetest.History{op(refused, 1, 0, 1, 2)}, false},
		"a version is missing":                        {storetest.History{op(written, 2, 7, 1, 2)}, false},
		"writes in the wrong order":                   {storetest.History{op(written, 2, 8, 1, 2), op(written, 1, 7, 3, 4)}, false},
		"a version is read with other content":        {storetest.History{op(written, 1, 7, 1, 2), op(read, 1, 8, 3, 4)}, false},
		"an unsure write may have happened":           {storetest.History{op(unsure, 1, 7, 1, 2), op(read, 1, 7, 3, 4)}, true},
		"an unsure write may happen later":            {storetest.History{op(unsure, 1, 7, 1, 2), op(read, 0, 0, 3, 4), op(read, 1, 7, 5, 6)}, true},
		"an unsure write may not have happened":       {storetest.History{op(unsure, 1, 7, 1, 2), op(read, 0, 0, 3, 4)}, true},
		"an unsure write is not undone":               {storetest.History{op(unsure, 1, 7, 1, 2), op(read, 1, 7, 3, 4), op(read, 0, 0, 5, 6)}, false},
		"the unsure write that fits was the one":      {storetest.History{op(unsure, 1, 7, 1, 2), op(unsure, 1, 8, 3, 4), op(read, 1, 8, 5, 6)}, true},
		"none of the unsure writes fits":              {storetest.History{op(unsure, 1, 7, 1, 2), op(unsure, 1, 8, 3, 4), op(read, 1, 9, 5, 6)}, false},
		"each record is judged by itself":             {storetest.History{op(written, 1, 7, 1, 2), {Ref: workflow.Ref{Kind: "x"}, Outcome: read, Call: 3, Return: 4}}, true},
		"an operation without outcome":                {storetest.History{{Ref: register}}, false},
	}
	for name, tt := range tests {
		err := storetest.Linearizable(tt.h)
		if (err == nil) != tt.want {
			t.Errorf("%s: got %v, want explained: %t", name, err, tt.want)
		}
		if le := (*storetest.LinearError)(nil); err != nil && !errors.As(err, &le) {
			t.Errorf("%s: got %T", name, err)
		}
	}
}

// TestLinearizableIsExact compares the verdict with a search of all orders, on
// small random histories of which about half have an explanation.
func TestLinearizableIsExact(t *testing.T) {
	verdicts := map[bool]int{}
	for seed := range uint64(6000) {
		h := randomHistory(rand.New(rand.NewPCG(seed, 1)))
		want := explained(h, make([]bool, len(h)), 0, 0)
		err := storetest.Linearizable(h)
		if (err == nil) != want {
			t.Fatalf("seed %d: got %v, a search says explained: %t\n%+v", seed, err, want, h)
		}
		verdicts[want]++
	}
	if verdicts[true] < 1000 || verdicts[false] < 1000 {
		t.Errorf("the histories are one-sided: %v", verdicts)
	}
}

// randomHistory plays a right register with random delays, and then, in half of
// the cases, spoils one answer.
func randomHistory(r *rand.Rand) storetest.History {
	n := 2 + r.IntN(5)
	ticks := r.Perm(3 * n)
	var h storetest.History
	version, content := int64(0), byte(0)
	for i := range n {
		at := int64(3 * (i + 1))
		x := op(storetest.Read, version, content, at-int64(ticks[i]), at+int64(ticks[n+i]))
		if next := version + 1 - int64(r.IntN(4)/3); r.IntN(2) == 0 && next > 0 {
			switch {
			case next != version+1:
				x.Outcome, x.Version, x.Actual = storetest.Refused, next, version
			default:
				version, content = next, byte(10+i)
				x.Outcome, x.Version, x.Head[0] = storetest.Written, version, content
			}
			if r.IntN(5) == 0 {
				x.Outcome = storetest.Unsure
			}
		}
		h = append(h, x)
	}
	if r.IntN(2) == 0 {
		x := &h[r.IntN(n)]
		x.Version = max(0, x.Version+int64(r.IntN(3)-1))
	}
	return h
}

// explained searches an order of the operations not yet used that begins with
// the register at the version with the content. An unsure write may stand
// anywhere behind its call, or nowhere.
func explained(h storetest.History, used []bool, version int64, content byte) bool {
	done := true
	for i, x := range h {
		done = done && (used[i] || x.Outcome == storetest.Unsure)
	}
	if done {
		return true
	}
	for i, x := range h {
		if used[i] || !first(h, used, i) {
			continue
		}
		v, c, ok := version, content, false
		switch x.Outcome {
		case storetest.Read:
			ok = x.Version == version && x.Head[0] == content
		case storetest.Refused:
			ok = x.Actual == version && x.Version != version+1
		default:
			v, c, ok = x.Version, x.Head[0], x.Version == version+1
		}
		used[i] = true
		if ok && explained(h, used, v, c) {
			return true
		}
		used[i] = false
	}
	return false
}

// first reports whether no operation that must still be placed returned before
// this one was called.
func first(h storetest.History, used []bool, i int) bool {
	for j, y := range h {
		if !used[j] && y.Outcome != storetest.Unsure && y.Return < h[i].Call {
			return false
		}
	}
	return true
}
