package forward

import "strings"

// palette names colours and what they are, in pairs.
type palette []string

var (
	light = palette{"$sheet", "#ffffff", "$ink", "#18222d", "$muted", "#566474", "$grid", "#e6eaef", "$day", "#bcc6d1", "$stripe", "#f5f7f9",
		"$red", "#c0182f", "$green", "#1d8a4b", "$normal", "#d3e4f8", "$edge", "#2b69ad", "$standard", "#e3e7ec", "$dull", "#647387", "$emergency", "#ffdfbd", "$hot", "#ab5300"}
	dark = palette{"$sheet", "#12171d", "$ink", "#e8eef4", "$muted", "#9fadbb", "$grid", "#252d36", "$day", "#465361", "$stripe", "#181f27",
		"$red", "#ff6b7c", "$green", "#43c77f", "$normal", "#1b3d63", "$edge", "#6ca9ea", "$standard", "#333d49", "$dull", "#94a3b5", "$emergency", "#5a3410", "$hot", "#f2a456"}
)

// shapes are the rules that do not depend on the palette.
const shapes = `.fsc { font-family:Arial,Helvetica,sans-serif; font-size:11px }
.fsc .heading { font-size:19px; font-weight:bold }
.fsc .lane { font-weight:bold }
.fsc .fine, .fsc .day, .fsc .edge, .fsc .hatch, .fsc .bang { fill:none }
.fsc .maintenance { fill-opacity:.2 }
.fsc .window .maintenance { fill-opacity:.28 }
.fsc .blackout { fill:url(#fsc-hatch) }
.fsc .hatch { stroke-width:1.6; stroke-opacity:.5 }
.fsc .proposed .bar { stroke-dasharray:4 2.5 }
.fsc .cancelled .bar { fill-opacity:.8 }
.fsc .cancelled text { text-decoration:line-through }
.fsc .conflict .bar { stroke-width:2.4 }
.fsc .bang { stroke-width:1.6 }
.fsc .outside, .fsc .window text { paint-order:stroke; stroke-width:3px; stroke-linejoin:round }
`

// paint are the rules that do. They have no custom properties, which some programs
// that show SVG do not know.
const paint = `.fsc text { fill:$ink }
.fsc .muted { fill:$muted }
.fsc .sheet, .fsc .solid { fill:$sheet }
.fsc .stripe { fill:$stripe }
.fsc .fine { stroke:$grid }
.fsc .day, .fsc .edge { stroke:$day }
.fsc .maintenance { fill:$green }
.fsc .hatch, .fsc .window .blackout { stroke:$red }
.fsc .window .maintenance { stroke:$green }
.fsc .bar { fill:$normal; stroke:$edge }
.fsc .standard .bar { fill:$standard; stroke:$dull }
.fsc .emergency .bar { fill:$emergency; stroke:$hot }
.fsc .cancelled .bar { fill:$sheet; stroke:$muted }
.fsc .cancelled text { fill:$muted }
.fsc .conflict .bar { stroke:$red }
.fsc .sign { fill:$red }
.fsc .bang { stroke:$sheet }
.fsc .point { fill:$ink }
.fsc .outside, .fsc .window text { stroke:$sheet }
`

// style is for light and dark. Whatever a colour says, a letter, a pattern, a border
// or a sign says too. All rules are for what lies in the image, so that it can stand
// in any page.
func style() string {
	return "<style>\n" + shapes + light.fill(paint) + "@media (prefers-color-scheme: dark) {\n" + dark.fill(paint) + "}\n</style>\n"
}

func (p palette) fill(rules string) string { return strings.NewReplacer(p...).Replace(rules) }

const patterns = `<defs><pattern id="fsc-hatch" width="8" height="8" patternUnits="userSpaceOnUse"><path class="hatch" d="M-2 2L2 -2M0 8L8 0M6 10L10 6"/></pattern></defs>
`
