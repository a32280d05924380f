package scenario

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Call is one line of a story, for its command to carry out. A command asks for
// its arguments, then for [Call.Err], which knows of everything that is missing,
// malformed or was not asked for, and only then acts.
type Call struct {
	World *World
	Name  string

	args  []string
	named map[string]string
	asked map[string]bool
	next  int
	p     workflow.Problems
	out   strings.Builder
	ctx   context.Context
}

// Context returns the context of the story.
func (c *Call) Context() context.Context { return c.ctx }

// Printf prints what the story shows. A line break is added where it is missing.
func (c *Call) Printf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.out.WriteString(text)
	if !strings.HasSuffix(text, "\n") {
		c.out.WriteByte('\n')
	}
}

// Next returns the next argument without a name; what says what it is, for the
// error if there is none.
func (c *Call) Next(what string) string {
	if c.next >= len(c.args) {
		c.p.Addf("%s is missing", what)
		return ""
	}
	c.next++
	return c.args[c.next-1]
}

// Rest returns all further arguments without a name.
func (c *Call) Rest() []string {
	rest := c.args[c.next:]
	c.next = len(c.args)
	return slices.Clone(rest)
}

// Value returns a named argument, or the default when it is not given.
func (c *Call) Value(name, def string) string {
	c.asked[name] = true
	if v, ok := c.named[name]; ok {
		return v
	}
	return def
}

// Names returns the named arguments that begin with a prefix, in order.
func (c *Call) Names(prefix string) []string {
	var names []string
	for name := range c.named {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Given reports whether a named argument is given.
func (c *Call) Given(name string) bool {
	_, ok := c.named[name]
	return ok
}

// Duration returns a named elapsed time such as 1h30m, or zero.
func (c *Call) Duration(name string) time.Duration {
	return parsed(c, name, time.ParseDuration)
}

// Int returns a named whole number, or zero.
func (c *Call) Int(name string) int { return parsed(c, name, strconv.Atoi) }

// Bool returns a named truth value, or false.
func (c *Call) Bool(name string) bool { return parsed(c, name, strconv.ParseBool) }

func parsed[T any](c *Call, name string, parse func(string) (T, error)) T {
	var v T
	text := c.Value(name, "")
	if text == "" {
		return v
	}
	v, err := parse(text)
	if err != nil {
		c.p.Addf("%s=%s: %w", name, text, err)
	}
	return v
}

// Unmarshal gives a named argument, if there is one, to the text decoder of a
// value.
func (c *Call) Unmarshal(name string, v interface{ UnmarshalText([]byte) error }) {
	if text := c.Value(name, ""); text != "" {
		if err := v.UnmarshalText([]byte(text)); err != nil {
			c.p.Addf("%s=%s: %w", name, text, err)
		}
	}
}

// Actor returns who acts: the actor of the argument by, with the roles the story
// has given him. It is needed.
func (c *Call) Actor() workflow.Actor {
	name := c.Value("by", "")
	if name == "" {
		c.p.Addf("by= is missing: who acts?")
		return workflow.Actor{}
	}
	if a, ok := c.World.actors[name]; ok {
		return a
	}
	return workflow.User(name)
}

// Fail records that an argument makes no sense.
func (c *Call) Fail(format string, args ...any) { c.p.Addf(format, args...) }

// Err returns one error that names everything wrong with the arguments, those
// that nobody has asked for included. It matches [workflow.ErrInvalid].
func (c *Call) Err() error {
	if c.next < len(c.args) {
		c.p.Addf("unexpected %q", c.args[c.next:])
	}
	var unknown []string
	for name := range c.named {
		if !c.asked[name] {
			unknown = append(unknown, name+"=")
		}
	}
	slices.Sort(unknown)
	if len(unknown) > 0 {
		c.p.Addf("unknown arguments %s", strings.Join(unknown, " "))
	}
	return c.p.Err("scenario: " + c.Name + " (usage: " + c.World.usage(c.Name) + ")")
}
