package main

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// together does what alone does with many workers, hour by hour: an incident is one
// worker's for the hour, so its rows stay in their order, and the timers of an hour
// have fired before its rows are replayed. Only which of an hour's incidents gets which
// number is left to chance.
func (d *driver) together(ctx context.Context, todo agenda) (waiting []*course, err error) {
	for len(todo) > 0 {
		hour := todo[0].at.Truncate(time.Hour)
		if err := errors.Join(ctx.Err(), d.desk.windTo(ctx, hour)); err != nil {
			return nil, err
		}
		end := hour.Add(time.Hour)
		var now []*course
		for len(todo) > 0 && todo[0].at.Before(end) {
			now = append(now, heap.Pop(&todo).(*course))
		}
		last, err := d.share(ctx, now, end)
		if err != nil {
			return nil, err
		}
		d.desk.clock.Store(last.UnixNano())
		for _, c := range now {
			if c.logged.Rows != nil {
				heap.Push(&todo, c)
			} else if c.waits != "" {
				waiting = append(waiting, c)
			}
		}
	}
	return waiting, nil
}

// share takes every course to the end of the hour, and returns when the last row was.
func (d *driver) share(ctx context.Context, courses []*course, end time.Time) (last time.Time, err error) {
	work := make(chan *course, len(courses))
	for _, c := range courses {
		work <- c
	}
	close(work)
	lasts, errs := make([]time.Time, d.desk.workers), make([]error, d.desk.workers)
	var all sync.WaitGroup
	for i := range d.desk.workers {
		all.Go(func() {
			for c := range work {
				for more := true; more && c.at.Before(end) && errs[i] == nil; {
					if c.at.After(lasts[i]) {
						lasts[i] = c.at
					}
					more, errs[i] = d.take(ctx, c)
				}
			}
		})
	}
	all.Wait()
	for _, t := range lasts {
		if t.After(last) {
			last = t
		}
	}
	return last, errors.Join(errs...)
}
