package markdown

import "strings"

// codeColour is the colour of one token class on a light and on a dark
// ground. Every pair has a contrast of at least 4.5:1 against codeGround; a
// test computes it.
type codeColour struct{ class, light, dark, extra string }

// codeGround are the grounds the colours are chosen for.
var codeGround = codeColour{light: "#f6f8f8", dark: "#10191b"}

var codeColours = []codeColour{
	{"k", "#0b5c78", "#7cc4de", "font-weight:600"},   // keywords
	{"n", "#6a3fa0", "#c3a6f0", ""},                  // functions, built-ins, tags
	{"v", "#7a4a00", "#e3b778", ""},                  // variables, attributes
	{"s", "#1f6b3a", "#8fd0a3", ""},                  // strings
	{"m", "#9a3b12", "#f0a483", ""},                  // numbers
	{"c", "#5a6769", "#93a3a6", "font-style:italic"}, // comments
	{"gp", "#5a6769", "#93a3a6", "user-select:none"}, // prompts: not part of what one copies
	{"go", "#4a5658", "#a9b8bb", ""},                 // output
	{"gd", "#a3222c", "#f59a9a", ""},                 // removed, errors
	{"gi", "#1f6b3a", "#8fd0a3", ""},                 // added
}

// ChromaCSS is the style sheet of highlighted code for a light and for a dark
// ground. The dark rules are meant to stand inside a media query or below a
// selector of the theme's choice.
func ChromaCSS() (light, dark string) {
	var l, d strings.Builder
	l.WriteString(".chroma{background:" + codeGround.light + "}\n")
	d.WriteString(".chroma{background:" + codeGround.dark + "}\n")
	for _, c := range codeColours {
		l.WriteString(".chroma ." + c.class + "{color:" + c.light)
		if c.extra != "" {
			l.WriteString(";" + c.extra)
		}
		l.WriteString("}\n")
		d.WriteString(".chroma ." + c.class + "{color:" + c.dark + "}\n")
	}
	return l.String(), d.String()
}
