// Package chart draws the desk's figures as SVG on the server: no script, no
// inline style, colours from the theme's classes, and the same numbers as a
// table for whoever does not see the drawing.
package chart

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Figure is a drawing with the table behind it.
type Figure struct {
	ID      string // unique on its page; the drawing is described by it
	Title   string
	Summary string // what the drawing shows, in a sentence; the drawing's description
	SVG     template.HTML
	Legend  []Mark
	Head    []string
	Rows    [][]string
	Empty   bool // nothing to draw: the page says so in words
}

// Mark explains how a series is drawn.
type Mark struct {
	Class string // "series-1" ...
	Name  string
}

// Value is a point that may be missing.
type Value struct {
	V  float64
	OK bool
}

// Of is a value that is there. What is no number is missing.
func Of(v float64) Value { return Value{v, !math.IsNaN(v) && !math.IsInf(v, 0)} }

// If is a value that is there when ok.
func If(v float64, ok bool) Value {
	x := Of(v)
	x.OK = x.OK && ok
	return x
}

// Series is a line of a Line chart.
type Series struct {
	Name   string
	Values []Value // one for each step; shorter lists are missing at the end
}

// The drawing's size in user units; it scales with its column.
const (
	width  = 560
	height = 240
	left   = 56
	right  = 16
	top    = 14
	bottom = 30
)

// svg collects a drawing.
type svg struct{ strings.Builder }

func (s *svg) open(id, title, summary string, h float64) {
	fmt.Fprintf(s, `<svg class="chart" viewBox="0 0 %d %s" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		width, num(h), id, id, id, esc(title), id, esc(summary))
}

func (s *svg) text(class, anchor string, x, y float64, text string) {
	fmt.Fprintf(s, `<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, num(x), num(y), esc(text))
}

func (s *svg) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(s, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, num(x1), num(y1), num(x2), num(y2))
}

func (s *svg) done() template.HTML {
	s.WriteString("</svg>")
	return template.HTML(s.String()) //nolint:gosec // every text went through esc, every number through num
}

func esc(s string) string { return template.HTMLEscapeString(s) }

// num writes a coordinate. It is finite by construction; should it not be, the
// drawing loses a point and not its validity.
func num(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	v = math.Round(math.Max(-1e6, math.Min(1e6, v))*10) / 10
	return fmt.Sprintf("%g", v)
}

// scale is a value axis from 0 (or below) to a round number.
type scale struct {
	low, high, step float64
}

// ticks is how many lines a value axis has at most, its foot included.
const ticks = 5

// newScale covers the values. A share's axis ends at 1, whatever the values:
// pages must not make small differences look large.
func newScale(values []float64, most float64, whole bool) scale {
	low, high := 0.0, 0.0
	for _, v := range values {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	if most > 0 {
		high = most
	}
	if high == low {
		high = low + 1
	}
	step := niceStep((high - low) / (ticks - 1))
	if whole {
		step = math.Max(1, math.Ceil(step))
	}
	if math.IsInf(step, 0) || math.IsNaN(step) || step <= 0 {
		step = 1
	}
	s := scale{low: math.Floor(low/step) * step, high: math.Ceil(high/step) * step, step: step}
	if most > 0 {
		s.high = most
	}
	return s
}

// niceStep is the next of 1, 2, 2.5, 5 times a power of ten.
func niceStep(raw float64) float64 {
	if raw <= 0 {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if raw <= m*p*(1+1e-9) {
			return m * p
		}
	}
	return 10 * p
}

func (s scale) at(v, from, to float64) float64 {
	span := s.high - s.low
	if span <= 0 || math.IsInf(span, 0) {
		return from
	}
	return from + (math.Max(s.low, math.Min(s.high, v))-s.low)/span*(to-from)
}

// lines are the axis's values, low to high.
func (s scale) lines() []float64 {
	var all []float64
	for i := range 4 * ticks {
		v := s.low + float64(i)*s.step
		if v > s.high+s.step*1e-9 {
			break
		}
		all = append(all, v)
	}
	return all
}
