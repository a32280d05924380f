package sqlstore

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/workflow"
)

// CollectFew lowers the number of records that a page may collect and sort, so
// that a small database shows what a large one does.
func CollectFew(db *DB, n int) { db.few = n }

// Waiting returns how many calls wait for the one that leads.
func Waiting(db *DB) int {
	db.turns.mu.Lock()
	defer db.turns.mu.Unlock()
	return len(db.turns.waiting)
}

// Led reports whether a call leads.
func Led(db *DB) bool {
	db.turns.mu.Lock()
	defer db.turns.mu.Unlock()
	return db.turns.led
}

// LimitLog lowers the size from which on the write-ahead log is cut.
func LimitLog(db *DB, n int64) { db.walLimit = n }

// Statements returns what the first page of a query executes.
func Statements(t *testing.T, s *Store, q workflow.Query) (texts []string) {
	err := s.read(context.Background(), "plan", func(n *namer) error {
		kind, err := n.kind(s.tenant, q.Kind)
		if err != nil {
			return err
		}
		p, err := newPlan(n, kind, q, s.db.few)
		for _, st := range p.steps {
			texts = append(texts, st.text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// FixedStatements are the others that look for something.
func FixedStatements() map[string]string {
	return map[string]string{
		"get": getRecord, "version": versionOf, "feed end": feedEnd, "feed": feedOfAll, "feed of kinds": fmt.Sprintf(feedOfKinds, "?, ?"), "history": feedOfRecord,
		"batch": batchEvents, "last position": lastPosition,
		"anything due": anythingDue, "timers due": freeTimers, "messages due": freeMessages,
		"timers to wake": wakeTimers, "messages to wake": wakeMessages,
		"timers of a record": timersOf, "first message": firstMessage, "head message": headMessage, "add message": addMessage,
		"leased timer": leasedTimer, "leased message": leasedMessage,
		"parked timers": parkedTimers, "parked messages": parkedMessages,
	}
}

var parameter = regexp.MustCompile(`\?\d*`)

// Parameters counts the parameters of a statement.
func Parameters(text string) int {
	most := 0
	found := parameter.FindAllString(text, -1)
	for _, p := range found {
		if n, err := strconv.Atoi(strings.TrimPrefix(p, "?")); err == nil {
			most = max(most, n)
		}
	}
	if most == 0 {
		return len(found)
	}
	return most
}
