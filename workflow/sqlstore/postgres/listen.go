package postgres

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
)

// Wake says that there may be work to claim.
type Wake struct {
	// Tenant is whose work it is.
	Tenant string
	// Any means that it may be any tenant's: nobody has listened for a while, or the
	// time to look again has passed.
	Any bool
}

// Listen yields whenever a commit, of whatever process, has left work to do, if those
// that commit have set [Config].Notify. It first yields one for any tenant, and again
// each time that it had to connect anew and when nothing was heard for the poll
// interval, which must be above zero: so nothing is missed for longer than that, even
// work that is put off until later, of which nobody gives notice. The database being
// away is no error; it goes on until the context is done or the loop is left.
//
//	for wake := range db.Listen(ctx, 5*time.Second) {
//		_, err := relay.Drain(ctx)
//	}
//
// It takes a connection of its own, beside the pool. While the loop's body runs, notices
// wait on the connection.
func (db *DB) Listen(ctx context.Context, poll time.Duration) iter.Seq[Wake] {
	return func(yield func(Wake) bool) {
		poll = max(poll, time.Millisecond)
		var conn *pgx.Conn
		defer func() {
			if conn != nil {
				_ = conn.Close(context.WithoutCancel(ctx))
			}
		}()
		for ctx.Err() == nil {
			if conn == nil {
				conn, _ = db.listen(ctx) // without one it is as if nothing was heard
				if ctx.Err() != nil || !yield(Wake{Any: true}) {
					return
				}
			}
			wake, err := hear(ctx, conn, poll)
			if err != nil && conn != nil {
				_ = conn.Close(ctx)
				conn = nil
				continue
			}
			if ctx.Err() != nil || conn != nil && !yield(wake) {
				return
			}
		}
	}
}

// listen opens a connection that hears of new work.
func (db *DB) listen(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+db.cfg.Schema); err != nil {
		return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	return conn, nil
}

// hear waits for one notice, or until it is time to look. It fails only if the
// connection did.
func hear(ctx context.Context, conn *pgx.Conn, poll time.Duration) (Wake, error) {
	until, cancel := context.WithTimeout(ctx, poll)
	defer cancel()
	if conn == nil {
		<-until.Done()
		return Wake{Any: true}, nil
	}
	notice, err := conn.WaitForNotification(until)
	switch {
	case err == nil:
		return Wake{Tenant: notice.Payload}, nil
	case until.Err() != nil && !conn.IsClosed():
		return Wake{Any: true}, nil
	}
	return Wake{}, err
}
