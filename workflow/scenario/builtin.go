package scenario

import (
	"errors"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

func (w *World) builtIn() error {
	return errors.Join(
		w.Define("at", "2026-03-02 09:00", w.at),
		w.Define("advance", "36h", w.advance),
		w.Define("actor", "ann agent manager", w.actor),
		w.Define("messages", "", w.messages),
		w.Define("parked", "", w.parked),
		w.Define("now", "", w.tell),
		w.Define("verify", "", w.verify),
	)
}

func (w *World) at(c *Call) error {
	at, err := w.ParseTime(strings.Join(c.Rest(), " "))
	if err != nil {
		c.Fail("%w", err)
	}
	if err := c.Err(); err != nil {
		return err
	}
	if !w.begun {
		w.now = at
		return nil
	}
	return w.Advance(c.ctx, at)
}

func (w *World) advance(c *Call) error {
	d, err := time.ParseDuration(c.Next("how long"))
	if err != nil || d < 0 {
		c.Fail("want an elapsed time like 36h or 1h30m")
	}
	if err := c.Err(); err != nil {
		return err
	}
	return w.Advance(c.ctx, w.now.Add(d))
}

func (w *World) actor(c *Call) error {
	name := c.Next("the actor's name")
	roles := c.Rest()
	if err := c.Err(); err != nil {
		return err
	}
	w.actors[name] = workflow.User(name, roles...)
	return nil
}

func (w *World) tell(c *Call) error {
	if err := c.Err(); err != nil {
		return err
	}
	c.Printf("%s", w.Time(w.now))
	return nil
}

func (w *World) messages(c *Call) error {
	if err := c.Err(); err != nil {
		return err
	}
	for _, line := range w.sent {
		c.Printf("%s", line)
	}
	w.sent = nil
	return nil
}

func (w *World) parked(c *Call) error {
	if err := c.Err(); err != nil {
		return err
	}
	for d, err := range w.store.Parked(c.ctx) {
		if err != nil {
			return err
		}
		what := "timer "
		if d.Message != nil {
			what = "message " + d.Message.Topic
		} else {
			what += d.Timer.Name
		}
		c.Printf("%s after %d attempts: %s", what, d.Attempt, d.Error)
	}
	return nil
}

func (w *World) verify(c *Call) error {
	if err := c.Err(); err != nil {
		return err
	}
	v, err := workflow.VerifyStore(c.ctx, w.store, w.cfg.Check, w.cfg.Kinds...)
	if err != nil {
		return err
	}
	c.Printf("%d records and %d events are as they should be", v.Records, v.Events)
	return nil
}
