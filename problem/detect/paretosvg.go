package detect

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
)

// The measures of the picture, in pixels.
const (
	sheetWidth = 860
	margin     = 20
	plotLeft   = 210
	plotRight  = sheetWidth - 150
	plotWidth  = plotRight - plotLeft
	rowHeight  = 24
	barHeight  = 15
	mostBars   = 25
)

// Rules of light and dark. A chart of its own class can stand in any page.
const paretoStyle = `<style>
.prt { font-family:Arial,Helvetica,sans-serif; font-size:12px }
.prt .head { font-size:18px; font-weight:bold }
.prt .end { text-anchor:end }
.prt .mid { text-anchor:middle }
.prt .curve, .prt .grid, .prt .line { fill:none }
.prt .line { stroke-dasharray:5 4; stroke-width:1.5 }
.prt .curve { stroke-width:2 }
.prt text { fill:#18222d } .prt .muted { fill:#566474 } .prt .sheet { fill:#ffffff } .prt .grid { stroke:#dfe4ea }
.prt .few { fill:#2b69ad } .prt .many { fill:#b9c7d6 } .prt .curve { stroke:#ab5300 } .prt .dot { fill:#ab5300 } .prt .line { stroke:#566474 }
@media (prefers-color-scheme: dark) {
.prt text { fill:#e8eef4 } .prt .muted { fill:#9fadbb } .prt .sheet { fill:#12171d } .prt .grid { stroke:#2c3641 }
.prt .few { fill:#6ca9ea } .prt .many { fill:#46566a } .prt .curve { stroke:#f2a456 } .prt .dot { fill:#f2a456 } .prt .line { stroke:#9fadbb }
}
</style>
`

// SVG writes the analysis as a picture that needs nothing but itself: a bar for each of
// the first 25 values, those of the vital few darker, the line of the cumulative share,
// and the 80 % line. Bars lie, so that long names can be read; the bars and the curve
// have the same scale, from 0 to 100 % of the total.
func (p Pareto) SVG(w io.Writer) error {
	shown, rest := p.shown(mostBars)
	rows := append([]ParetoRow(nil), shown...)
	if rest.Amount > 0 {
		rest.Cumulative = 1
		rows = append(rows, rest)
	}
	const top = margin + 78
	bottom := top + rowHeight*max(1, len(rows))
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="prt" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-label="%s">`+"\n",
		sheetWidth, bottom+margin, markup(p.title()))
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n%s", markup(p.title()), markup(p.lead()), paretoStyle)
	fmt.Fprintf(&b, `<rect class="sheet" width="%d" height="%d"/>`+"\n", sheetWidth, bottom+margin)
	write(&b, "head", margin, margin+16, fit(p.title(), 80))
	write(&b, "muted", margin, margin+38, fit(p.lead(), 130))
	for share := 0; share <= 100; share += 20 {
		x := plotX(float64(share) / 100)
		class := "grid"
		if share == 80 {
			class = "line"
		}
		fmt.Fprintf(&b, `<path class="%s" d="M%s %dV%d"/>`+"\n", class, px(x), top-4, bottom)
		write(&b, "muted mid", x, top-10, strconv.Itoa(share)+" %")
	}
	curve := ""
	for i, r := range rows {
		y := top + i*rowHeight
		p.bar(&b, r, y, i < p.Vital)
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		curve += verb + px(plotX(r.Cumulative)) + " " + strconv.Itoa(y+rowHeight/2)
	}
	if len(rows) > 0 {
		fmt.Fprintf(&b, `<path class="curve" d="%s"/>`+"\n", curve)
	}
	for i, r := range rows {
		fmt.Fprintf(&b, `<circle class="dot" cx="%s" cy="%d" r="3"/>`+"\n", px(plotX(r.Cumulative)), top+i*rowHeight+rowHeight/2)
	}
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

// bar draws a row: its name, its bar, its amount and the cumulative share.
func (p Pareto) bar(b *bytes.Buffer, r ParetoRow, y int, few bool) {
	class := "many"
	if few {
		class = "few"
	}
	fmt.Fprintf(b, `<g><title>%s</title>`, markup(fmt.Sprintf("%s: %s, %s, with those above %s", plain(r.Value), p.amount(r.Amount), percent(r.Share), percent(r.Cumulative))))
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%s" height="%d"/>`, class, plotLeft, y+(rowHeight-barHeight)/2, px(math.Max(1, r.Share*plotWidth)), barHeight)
	baseline := y + rowHeight/2 + 4
	write(b, "end", plotLeft-8, baseline, fit(plain(r.Value), 28))
	write(b, "", plotRight+10, baseline, p.amount(r.Amount))
	write(b, "muted end", sheetWidth-margin, baseline, percent(r.Cumulative))
	b.WriteString("</g>\n")
}

func plotX(share float64) float64 { return plotLeft + share*plotWidth }

func px(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

func write(b *bytes.Buffer, class string, x float64, y int, text string) {
	fmt.Fprintf(b, `<text class="%s" x="%s" y="%d">%s</text>`, class, px(x), y, markup(text))
}

// fit shortens a text to so many letters.
func fit(text string, letters int) string {
	if r := []rune(text); len(r) > letters {
		return string(r[:letters-1]) + "…"
	}
	return text
}

func markup(s string) string { return html.EscapeString(plain(s)) }
