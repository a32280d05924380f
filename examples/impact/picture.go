package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/itsm-go/itsm/cmdb/draw"
	"github.com/itsm-go/itsm/cmdb/graph"
)

// picture shows what is affected, and nothing else.
func (c *config) picture(im *graph.Impact, named []string) draw.Picture {
	down, degraded := im.Counts()
	p := draw.Picture{Title: "What is affected", Subtitle: fmt.Sprintf("%d down, %d degraded; causes on the left", down, degraded)}
	for _, n := range slices.Concat(im.Down(), im.Degraded()) {
		it := c.items[n]
		p.Items = append(p.Items, draw.Item{ID: it.id, Name: it.name, Class: it.class, State: im.State(n), Cause: slices.Contains(named, it.id)})
		var links []draw.Link
		for to, soft := range c.graph.View().Dependencies(n) {
			if im.State(to) != graph.Up {
				links = append(links, draw.Link{From: it.id, To: c.items[to].id, Soft: soft})
			}
		}
		slices.SortFunc(links, func(a, b draw.Link) int { return cmp.Compare(a.To, b.To) })
		p.Links = append(p.Links, links...)
	}
	return p
}

// write draws the picture into the files asked for.
func (o options) write(p draw.Picture) error {
	for _, f := range []struct {
		path string
		draw func(io.Writer) error
	}{{o.svg, p.SVG}, {o.dot, p.DOT}, {o.mermaid, p.Mermaid}} {
		if f.path == "" {
			continue
		}
		var text bytes.Buffer
		if err := f.draw(&text); err != nil {
			return err
		}
		if err := os.WriteFile(f.path, text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
