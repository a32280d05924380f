package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/jetstream"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// boardSchema is what a board keeps: its inbox, the incidents as they stand, and, for
// the checks in the end, what arrived in which order.
const boardSchema = `CREATE SCHEMA board;
CREATE TABLE board.inbox (key text PRIMARY KEY);
CREATE TABLE board.incidents (id uuid PRIMARY KEY, view jsonb NOT NULL);
CREATE TABLE board.arrivals (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, incident uuid NOT NULL, class text NOT NULL, id text NOT NULL);`

// view is an incident as it stands on the board: some of its fields.
type view struct {
	Version     int64
	Resolutions int
	Fields      map[string]any
}

func newView() view { return view{Fields: map[string]any{}} }

// fold takes the view past one event.
func (v *view) fold(e workflow.Event) error {
	if e.Version != v.Version+1 {
		return fmt.Errorf("%v: version %d came after %d", e.Ref, e.Version, v.Version)
	}
	v.Version = e.Version
	for _, c := range e.Changes {
		switch c.Path {
		case "/number", "/state", "/group", "/assignee", "/priority":
			var value any
			if c.New != nil {
				if err := json.Unmarshal(c.New, &value); err != nil {
					return fmt.Errorf("%v version %d: %s: %w", e.Ref, e.Version, c.Path, err)
				}
			}
			v.Fields[c.Path] = value
			if value == incident.StateResolved {
				v.Resolutions++
			}
		}
	}
	return nil
}

// board receives what the relays publish and keeps the read model. Any number of boards
// share the work; the brokers give each incident's envelopes to one at a time.
func board(ctx context.Context, p part, _ *wire) error {
	pool, err := pgxpool.New(ctx, p.Database)
	if err != nil {
		return err
	}
	defer pool.Close()
	nc, err := dial(p.Nodes)
	if err != nil {
		return err
	}
	defer nc.Close()
	consumer, err := insist(ctx, "the stream", func(ctx context.Context) (*jetstream.Consumer, error) {
		ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
		defer cancel()
		return jetstream.NewConsumer(ctx, nc, jetstream.ConsumerConfig{
			Stream: stream, Name: "board", Subjects: subjects(), AckWait: 2 * time.Second,
			Backoff: func(int) time.Duration { return 2 * pace },
			Handle: func(ctx context.Context, d jetstream.Delivery) error {
				return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
					_, err := eventbus.Once(ctx, inbox{tx}, d.Envelope, func(ctx context.Context) error { return arrive(ctx, tx, d.Envelope) })
					return err
				})
			},
		})
	})
	if err != nil {
		return err
	}
	return consumer.Run(ctx)
}

// inbox is what the boards have dealt with, in the transaction of the effect.
type inbox struct{ tx pgx.Tx }

func (in inbox) Seen(ctx context.Context, key string) (seen bool, err error) {
	err = in.tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM board.inbox WHERE key = $1)", key).Scan(&seen)
	return seen, err
}

func (in inbox) Mark(ctx context.Context, key string) error {
	_, err := in.tx.Exec(ctx, "INSERT INTO board.inbox (key) VALUES ($1)", key)
	return err
}

// arrive is the effect of an envelope: it is noted, and an event takes the incident on.
func arrive(ctx context.Context, tx pgx.Tx, e eventbus.Envelope) error {
	if _, err := tx.Exec(ctx, "INSERT INTO board.arrivals (incident, class, id) VALUES ($1, $2, $3)", e.Ref.ID.String(), string(e.Class()), e.ID); err != nil {
		return err
	}
	if e.Class() != eventbus.ClassEvent {
		return nil
	}
	event, err := e.History() // checks its hash
	if err != nil {
		return err
	}
	v := newView()
	err = tx.QueryRow(ctx, "SELECT view FROM board.incidents WHERE id = $1 FOR UPDATE", e.Ref.ID.String()).Scan(&v)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if err := v.fold(event); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO board.incidents (id, view) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET view = excluded.view", e.Ref.ID.String(), v)
	return err
}
