package report

import (
	"cmp"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"github.com/go-analyze/charts"
)

// A role is what a colour stands for. The charts are drawn in colours that no
// eye is meant to see; in the page each becomes a CSS variable, which is what
// lets one drawing be light, dark and printed.
type role struct {
	color charts.Color
	css   string
}

var (
	first  = role{charts.Color{R: 1, G: 2, B: 1, A: 255}, "var(--first)"}
	second = role{charts.Color{R: 1, G: 2, B: 2, A: 255}, "var(--second)"}
	third  = role{charts.Color{R: 1, G: 2, B: 3, A: 255}, "var(--third)"}
	good   = role{charts.Color{R: 1, G: 2, B: 4, A: 255}, "var(--good)"}
	bad    = role{charts.Color{R: 1, G: 2, B: 5, A: 255}, "var(--bad)"}
	ink    = role{charts.Color{R: 1, G: 2, B: 6, A: 255}, "var(--ink)"}
	muted  = role{charts.Color{R: 1, G: 2, B: 7, A: 255}, "var(--muted)"}
	grid   = role{charts.Color{R: 1, G: 2, B: 8, A: 255}, "var(--grid)"}
)

// A drawing is a bar chart, or one with lines over the bars.
type drawing struct {
	alt     string // what it shows, for those who do not see it
	labels  []string
	bars    []series
	lines   []series
	across  bool // bars go from left to right, the first label at the top
	stacked bool // to a whole of 100
	axis    func(float64) string
	label   func(float64) string // at the end of each bar, where not nil
	width   int
}

type series struct {
	name   string
	color  role
	values []float64
}

const (
	wide   = 860
	narrow = 490
)

func (d drawing) svg() (template.HTML, error) {
	painted, err := d.paint()
	if err != nil {
		return "", fmt.Errorf("drawing %q: %w", d.alt, err)
	}
	raw, err := painted.Bytes()
	if err != nil {
		return "", fmt.Errorf("drawing %q: %w", d.alt, err)
	}
	return d.inline(string(raw)), nil
}

func (d drawing) paint() (*charts.Painter, error) {
	if d.across {
		return d.paintAcross()
	}
	opt := charts.ChartOption{
		OutputFormat: charts.ChartOutputSVG,
		Width:        cmp.Or(d.width, wide),
		Height:       300,
		Theme:        d.theme(),
		Padding:      charts.NewBox(4, 8, 12, 4),
		XAxis:        charts.XAxisOption{Labels: d.labels, LabelFontStyle: font(muted), LabelCount: min(len(d.labels), 14)},
		YAxis:        []charts.YAxisOption{{LabelFontStyle: font(muted), ValueFormatter: d.axis, Min: charts.Ptr(0.0), SplitLineShow: charts.Ptr(true)}},
		Legend:       d.legend(),
	}
	for _, s := range d.bars {
		opt.SeriesList = append(opt.SeriesList, charts.GenericSeries{Type: charts.ChartTypeBar, Name: s.name, Values: s.values})
	}
	for _, s := range d.lines {
		opt.SeriesList = append(opt.SeriesList, charts.GenericSeries{Type: charts.ChartTypeLine, Name: s.name, Values: s.values})
	}
	return charts.Render(opt)
}

// paintAcross turns the labels round, since the library begins at the bottom.
// Bars that carry their value need no axis; those that share a whole need one.
func (d drawing) paintAcross() (*charts.Painter, error) {
	var list charts.BarSeriesList
	for _, s := range d.bars {
		list = append(list, charts.BarSeries{
			Name:   s.name,
			Values: reversed(s.values),
			Label:  charts.SeriesLabel{Show: charts.Ptr(d.label != nil), FontStyle: font(ink), ValueFormatter: d.label},
		})
	}
	lanes := len(d.bars)
	axis := charts.ValueAxisOption{Show: charts.Ptr(d.label == nil), LabelFontStyle: font(muted), ValueFormatter: d.axis, Min: charts.Ptr(0.0)}
	if d.stacked {
		lanes = 1
		axis.Max, axis.LabelCount, axis.RangeValuePaddingScale = charts.Ptr(100.0), 5, charts.Ptr(0.0)
	}
	opt := charts.NewBarChartOptionWithSeries(list)
	opt.Horizontal = true
	opt.Theme = d.theme()
	opt.Padding = charts.NewBox(24, 8, 56, 4)
	opt.ValueAxis = []charts.ValueAxisOption{axis}
	opt.CategoryAxis = charts.CategoryAxisOption{Labels: reversed(d.labels), LabelFontStyle: font(ink), LabelOffset: charts.OffsetInt{Left: -8}}
	opt.StackSeries = charts.Ptr(d.stacked)
	opt.Legend = d.legend()
	p := charts.NewPainter(charts.PainterOptions{
		OutputFormat: charts.ChartOutputSVG,
		Width:        cmp.Or(d.width, wide),
		Height:       60 + len(d.labels)*(14+18*lanes),
	})
	return p, p.BarChart(opt)
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func (d drawing) legend() charts.LegendOption {
	var names []string
	for _, s := range slices.Concat(d.bars, d.lines) {
		names = append(names, s.name)
	}
	return charts.LegendOption{
		SeriesNames: names, Symbol: charts.SymbolSquare, FontStyle: font(muted), Show: charts.Ptr(len(names) > 1),
	}
}

func (d drawing) theme() charts.ColorPalette {
	var colors []charts.Color
	for _, s := range slices.Concat(d.bars, d.lines) {
		colors = append(colors, s.color.color)
	}
	return charts.MakeTheme(charts.ThemeOption{
		AxisStrokeColor:    grid.color,
		AxisSplitLineColor: grid.color,
		BackgroundColor:    charts.ColorTransparent,
		TextColor:          ink.color,
		TextColorLegend:    muted.color,
		SeriesColors:       colors,
	})
}

func font(r role) charts.FontStyle {
	return charts.FontStyle{FontSize: 10, FontColor: r.color}
}

var fontFamily = regexp.MustCompile(`;font-family:[^;"]*`)

// inline makes a drawing part of the page: its font, its colours, and a name.
func (d drawing) inline(svg string) template.HTML {
	svg = fontFamily.ReplaceAllString(svg, "")
	for _, r := range []role{first, second, third, good, bad, ink, muted, grid} {
		svg = strings.ReplaceAll(svg, r.color.String(), r.css)
	}
	name := fmt.Sprintf(`<svg role="img" aria-label="%s" `, template.HTMLEscapeString(d.alt))
	return template.HTML(strings.Replace(svg, "<svg ", name, 1))
}
