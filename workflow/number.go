package workflow

import (
	"context"
	"fmt"
	"strconv"
	"sync"
)

// NumberFormat says how records of a kind are numbered for people, each tenant
// from 1 on. The zero value gives no numbers.
type NumberFormat struct {
	Prefix string // "INC"; empty = no numbers
	Digits int    // at least so many, zeros in front; default 7: INC0000042
	// Block is how many numbers a desk sets aside at a time, in the store; default
	// 20. What it did not use is lost with it: after INC0000012 and a restart comes
	// INC0000021. So numbers have gaps, and two programs, or desks, number in turns;
	// none is ever given twice. 1 keeps the gaps rare at the price of one more
	// commit per record.
	Block int
}

const (
	defaultDigits = 7
	defaultBlock  = 20
	maxDigits     = 18
	maxBlock      = 1_000_000
)

// Format writes the n-th number.
func (f NumberFormat) Format(n int64) string {
	digits := f.Digits
	if digits == 0 {
		digits = defaultDigits
	}
	s := strconv.FormatInt(n, 10)
	for len(s) < digits {
		s = "0" + s
	}
	return f.Prefix + s
}

func (f NumberFormat) validate() error {
	if f.Digits < 0 || f.Digits > maxDigits || f.Block < 0 || f.Block > maxBlock || len(f.Prefix) > MaxKey/2 {
		return fmt.Errorf("workflow: number format %q: at most %d digits and blocks of %d: %w", f.Prefix, maxDigits, maxBlock, ErrInvalid)
	}
	return nil
}

// counter is the record behind the numbers of one kind: how many are taken.
type counter struct {
	Record
	Taken int64 `json:"taken"`
}

const counterKind = "counter"

// counterSpace is the namespace of the counters' ids: one counter per kind.
var counterSpace = derivedID(commandSpace, counterKind)

// counters hands out numbers from the blocks a desk has taken.
type counters struct {
	mu   sync.Mutex
	free map[string][]int64 // by kind, ascending
}

func (d *Desk) takeNumber(ctx context.Context, kind string, f NumberFormat) (int64, error) {
	d.counters.mu.Lock()
	defer d.counters.mu.Unlock()
	if len(d.counters.free[kind]) == 0 {
		block, err := d.reserve(ctx, kind, f)
		if err != nil {
			return 0, fmt.Errorf("workflow: taking a number for a new %s: %w", kind, err)
		}
		if d.counters.free == nil {
			d.counters.free = map[string][]int64{}
		}
		d.counters.free[kind] = block
	}
	n := d.counters.free[kind][0]
	d.counters.free[kind] = d.counters.free[kind][1:]
	return n, nil
}

// reserve takes the next block of numbers in a commit of its own, so that
// opening records does not make commands conflict.
func (d *Desk) reserve(ctx context.Context, kind string, f NumberFormat) ([]int64, error) {
	size := int64(f.Block)
	if size == 0 {
		size = defaultBlock
	}
	kinds, err := NewKind(KindConfig[*counter]{Name: counterKind, New: func() *counter { return new(counter) }})
	if err != nil {
		return nil, err
	}
	var last int64
	id := derivedID(counterSpace, kind)
	_, err = d.Do(ctx, Command{Name: "counter.reserve", Actor: System("numbering")}, func(tx *Tx) error {
		c, err := kinds.GetOrCreate(tx, id, func() *counter {
			return &counter{Record: Record{ID: id, Title: kind}}
		})
		if err != nil {
			return err
		}
		c.Taken += size
		last = c.Taken
		return kinds.Put(tx, c, Entry{})
	})
	if err != nil {
		return nil, err
	}
	block := make([]int64, size)
	for i := range block {
		block[i] = last - size + 1 + int64(i)
	}
	return block, nil
}

// numbersTaken keeps the numbers of one command through its attempts, and gives
// them back to the desk if it fails.
type numbersTaken struct {
	desk  *Desk
	taken []takenNumber
	used  int
	kept  bool
}

type takenNumber struct {
	kind string
	n    int64
}

func (t *numbersTaken) next(ctx context.Context, kind string, f NumberFormat) (int64, error) {
	for i := t.used; i < len(t.taken); i++ {
		if t.taken[i].kind == kind {
			t.taken[i], t.taken[t.used] = t.taken[t.used], t.taken[i]
			t.used++
			return t.taken[t.used-1].n, nil
		}
	}
	n, err := t.desk.takeNumber(ctx, kind, f)
	if err != nil {
		return 0, err
	}
	t.taken = append(t.taken, takenNumber{kind, n})
	last := len(t.taken) - 1
	t.taken[t.used], t.taken[last] = t.taken[last], t.taken[t.used]
	t.used++
	return n, nil
}

func (t *numbersTaken) rewind() { t.used = 0 }

func (t *numbersTaken) keep() { t.kept = true }

// giveBack returns what the command did not use; a number goes to the front, so
// the next record gets it.
func (t *numbersTaken) giveBack() {
	back := t.taken
	if t.kept {
		back = t.taken[t.used:]
	}
	if len(back) == 0 {
		return
	}
	c := &t.desk.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(back) - 1; i >= 0; i-- {
		kind := back[i].kind
		c.free[kind] = append([]int64{back[i].n}, c.free[kind]...)
	}
}
