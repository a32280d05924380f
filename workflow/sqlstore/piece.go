package sqlstore

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// piece is a stored timer or message: what workers get, and where it stands.
type piece struct {
	kind  int64
	id    workflow.ID
	token int64
	name  string // of a timer
	seq   int64  // of a message, else 0
	due   workflow.Due

	rawID []byte
}

// scanTimer reads timerColumns.
func scanTimer(rows rows) (piece, error) {
	var p piece
	var due int64
	t := &workflow.Timer{}
	err := rows.Scan(&p.kind, &t.Ref.Kind, &p.rawID, &p.token, &p.due.Attempt, &p.due.Error, &p.name, &due, &t.Payload)
	copy(p.id[:], p.rawID)
	t.Ref.ID, t.Name, t.Due = p.id, p.name, decodeTime(due)
	p.due.Timer = t
	return p, err
}

// scanMessage reads messageColumns.
func scanMessage(rows rows) (piece, error) {
	var p piece
	var message []byte
	var at int64
	m := &workflow.Message{}
	err := rows.Scan(&p.kind, &m.Ref.Kind, &p.rawID, &p.token, &p.due.Attempt, &p.due.Error, &p.seq, &message,
		&m.Topic, &at, &m.Payload)
	copy(p.id[:], p.rawID)
	copy(m.ID[:], message)
	m.Ref.ID, m.At = p.id, decodeTime(at)
	p.due.Message = m
	return p, err
}

// A receipt names the lease by its token, which is never given twice, and the
// place of the work. The name of a timer comes last: it may contain anything.
func (p *piece) receipt() workflow.Receipt {
	return workflow.Receipt(fmt.Sprintf("%d:%d:%v:%d:%s", p.token, p.kind, p.id, p.seq, p.name))
}

// parseReceipt undoes receipt. What this package never gave out is no lease.
func parseReceipt(r workflow.Receipt) (piece, error) {
	bad := fmt.Errorf("sqlstore: receipt %.80q: %w", r, workflow.ErrLeaseLost)
	parts := strings.SplitN(string(r), ":", 5)
	if len(parts) != 5 {
		return piece{}, bad
	}
	var numbers [3]int64
	for i, at := range []int{0, 1, 3} {
		n, err := strconv.ParseInt(parts[at], 10, 64)
		if err != nil {
			return piece{}, bad
		}
		numbers[i] = n
	}
	id, err := workflow.ParseID(parts[2])
	if err != nil || numbers[0] <= 0 {
		return piece{}, bad
	}
	return piece{token: numbers[0], kind: numbers[1], id: id, seq: numbers[2], name: parts[4]}, nil
}
