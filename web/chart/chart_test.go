package chart

import (
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func plain(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// wellFormed reads a drawing and refuses coordinates that are no numbers.
func wellFormed(t interface{ Fatalf(string, ...any) }, svg string) {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height":
				v, err := strconv.ParseFloat(a.Value, 64)
				if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || (a.Name.Local == "width" || a.Name.Local == "height") && v < 0 {
					t.Fatalf("%s=%q in %s", a.Name.Local, a.Value, svg)
				}
			case "d":
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Fatalf("path %q", a.Value)
				}
			case "style", "onload":
				t.Fatalf("attribute %s", a.Name.Local)
			}
		}
	}
}

func anyValue(t *rapid.T) Value {
	return If(rapid.OneOf(rapid.Float64(), rapid.Float64Range(-10, 10), rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.MaxFloat64, -math.MaxFloat64})).Draw(t, "v"), rapid.Bool().Draw(t, "ok"))
}

func TestAnyInputGivesAValidDrawing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"", "Facturation", `<script>alert("x")</script>`, "a & b", strings.Repeat("long ", 30)})
		steps := rapid.SliceOfN(name, 0, 40).Draw(t, "steps")
		l := Line{ID: "l", Title: name.Draw(t, "title"), Summary: name.Draw(t, "summary"), Steps: steps, Target: anyValue(t), Format: plain, Missing: "–", Whole: rapid.Bool().Draw(t, "whole")}
		for range rapid.IntRange(0, 3).Draw(t, "series") {
			s := Series{Name: name.Draw(t, "name")}
			for range rapid.IntRange(0, 42).Draw(t, "values") {
				s.Values = append(s.Values, anyValue(t))
			}
			l.Series = append(l.Series, s)
		}
		f := l.Draw()
		if f.Empty != (f.SVG == "") || len(f.Rows) != len(steps) {
			t.Fatalf("empty %v, drawing %q, %d rows for %d steps", f.Empty, f.SVG, len(f.Rows), len(steps))
		}
		wellFormed(t, string(f.SVG))
		b := Bars{ID: "b", Title: name.Draw(t, "title"), Format: plain, Missing: "–", Most: rapid.SampledFrom([]float64{0, 1}).Draw(t, "most")}
		for range rapid.IntRange(0, 8).Draw(t, "bars") {
			b.Bars = append(b.Bars, Bar{Name: name.Draw(t, "name"), Value: anyValue(t), Low: anyValue(t), High: anyValue(t), Target: anyValue(t)})
		}
		g := b.Draw()
		if g.Empty != (g.SVG == "") || len(g.Rows) != len(b.Bars) {
			t.Fatalf("empty %v, %d rows for %d bars", g.Empty, len(g.Rows), len(b.Bars))
		}
		wellFormed(t, string(g.SVG))
	})
}

func TestTheTableHasWhatIsDrawn(t *testing.T) {
	f := Line{ID: "x", Title: "T", StepHead: "Day", Steps: []string{"1", "2", "3"}, Format: plain, Missing: "–",
		Series: []Series{{Name: "a", Values: []Value{Of(1), {}, Of(3)}}}, Target: Of(2), TargetName: "goal"}.Draw()
	want := [][]string{{"1", "1"}, {"2", "–"}, {"3", "3"}}
	for i := range want {
		if strings.Join(f.Rows[i], "|") != strings.Join(want[i], "|") {
			t.Errorf("row %d: %q, want %q", i, f.Rows[i], want[i])
		}
	}
	// A gap breaks the line: two moves, no line between them.
	if svg := string(f.SVG); strings.Count(svg, "M") < 2 || strings.Contains(svg[strings.Index(svg, `d="`):], "L") {
		t.Errorf("the missing day is drawn over: %s", svg)
	}
	if len(f.Legend) != 2 || f.Legend[1].Class != "target" {
		t.Errorf("legend %+v", f.Legend)
	}
}

func TestAShareIsDrawnAgainstTheWhole(t *testing.T) {
	s := newScale([]float64{0.41, 0.43}, 1, false)
	if s.low != 0 || s.high != 1 {
		t.Errorf("axis from %v to %v", s.low, s.high)
	}
	if n := len(s.lines()); n < 3 || n > 6 {
		t.Errorf("%d lines", n)
	}
	if c := newScale([]float64{0, 1}, 0, true); c.step != 1 {
		t.Errorf("counts in steps of %v", c.step)
	}
}
