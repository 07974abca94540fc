package chart

import (
	"fmt"
	"strings"
)

// Line is a figure over time.
type Line struct {
	ID, Title, Summary string
	StepHead           string   // heading of the steps' column
	Steps              []string // short names: "3 Nov"
	Series             []Series
	Target             Value // a dashed line
	TargetName         string
	Most               float64 // end of the value axis, 0 for whatever the values need; 1 for shares
	Whole              bool    // counts: no fractions on the axis
	Format             func(float64) string
	Missing            string // what the table says for a missing value
}

// Draw makes the figure. Without a single value it is Empty.
func (l Line) Draw() Figure {
	f := Figure{ID: l.ID, Title: l.Title, Summary: l.Summary, Empty: true, Head: []string{l.StepHead}}
	var values []float64
	for i, s := range l.Series {
		f.Head = append(f.Head, s.Name)
		f.Legend = append(f.Legend, Mark{fmt.Sprintf("series-%d", i+1), s.Name})
		for _, v := range s.Values {
			if v.OK {
				values = append(values, v.V)
				f.Empty = false
			}
		}
	}
	for i, step := range l.Steps {
		row := []string{step}
		for _, s := range l.Series {
			cell := l.Missing
			if i < len(s.Values) && s.Values[i].OK {
				cell = l.Format(s.Values[i].V)
			}
			row = append(row, cell)
		}
		f.Rows = append(f.Rows, row)
	}
	if f.Empty || len(l.Steps) == 0 {
		f.Empty = true
		return f
	}
	if l.Target.OK {
		values = append(values, l.Target.V)
		f.Legend = append(f.Legend, Mark{"target", l.TargetName})
	}
	f.SVG = l.svg(newScale(values, l.Most, l.Whole)).done()
	return f
}

// x is where a step stands; a single one stands in the middle.
func (l Line) x(i int) float64 {
	if len(l.Steps) == 1 {
		return (left + width - right) / 2
	}
	return left + float64(i)/float64(len(l.Steps)-1)*(width-left-right)
}

func (l Line) svg(s scale) *svg {
	d := &svg{}
	d.open(l.ID, l.Title, l.Summary, height)
	for _, v := range s.lines() {
		y := s.at(v, height-bottom, top)
		d.line("grid", left, y, width-right, y)
		d.text("axis", "end", left-8, y+4, l.Format(v))
	}
	every := (len(l.Steps) + 5) / 6
	for i := 0; i < len(l.Steps); i += every {
		anchor := "middle"
		if i == 0 {
			anchor = "start"
		}
		if i > 0 && width-right-l.x(i) < 24 {
			anchor = "end"
		}
		d.text("axis", anchor, l.x(i), height-10, l.Steps[i])
	}
	if l.Target.OK {
		y := s.at(l.Target.V, height-bottom, top)
		d.line("target", left, y, width-right, y)
	}
	for n, series := range l.Series {
		l.draw(d, s, series, n+1)
	}
	return d
}

// draw joins the points of a series; a missing one breaks the line, and one
// that stands alone is a dot.
func (l Line) draw(d *svg, s scale, series Series, n int) {
	var path strings.Builder
	open := false
	for i := range l.Steps {
		if i >= len(series.Values) || !series.Values[i].OK {
			open = false
			continue
		}
		x, y := l.x(i), s.at(series.Values[i].V, height-bottom, top)
		command := "M"
		if open {
			command = "L"
		}
		fmt.Fprintf(&path, "%s%s %s", command, num(x), num(y))
		alone := !open && (i+1 >= len(l.Steps) || i+1 >= len(series.Values) || !series.Values[i+1].OK)
		if alone || len(l.Steps) <= 31 {
			fmt.Fprintf(d, `<circle class="dot series-%d" cx="%s" cy="%s" r="%s"><title>%s: %s</title></circle>`, n, num(x), num(y), num(2.6), esc(l.Steps[i]), esc(l.Format(series.Values[i].V)))
		}
		open = true
	}
	fmt.Fprintf(d, `<path class="curve series-%d" d="%s"/>`, n, path.String())
}
