package chart

import "fmt"

// Bar is one line of a bar chart.
type Bar struct {
	Name      string
	Value     Value
	Low, High Value  // ends of its interval, drawn as a whisker when both are there
	Target    Value  // a mark across the bar
	Note      string // what the table and the end of the bar say; "" is the value
	Cells     []string
}

// Bars compares values by name, each with its interval and target.
type Bars struct {
	ID, Title, Summary string
	Head               []string // headings of the table: name, value, and one for each of Bar.Cells
	Bars               []Bar
	Most               float64 // end of the value axis, 0 for whatever the values need; 1 for shares
	Whole              bool
	Format             func(float64) string
	Missing            string
	Legend             []Mark // beside the bars: "target", "interval"
}

const (
	barRow  = 34
	barLeft = 178
	barEnd  = 72 // room for the value after the bar
)

// Draw makes the figure. Without a single value it is Empty.
func (b Bars) Draw() Figure {
	f := Figure{ID: b.ID, Title: b.Title, Summary: b.Summary, Empty: true, Head: b.Head, Legend: b.Legend}
	var values []float64
	for _, r := range b.Bars {
		note := b.note(r)
		f.Rows = append(f.Rows, append([]string{r.Name, note}, r.Cells...))
		for _, v := range []Value{r.Value, r.High, r.Target} {
			if v.OK {
				values = append(values, v.V)
			}
		}
		f.Empty = f.Empty && !r.Value.OK
	}
	if f.Empty {
		return f
	}
	s := newScale(values, b.Most, b.Whole)
	h := float64(len(b.Bars)*barRow + bottom)
	d := &svg{}
	d.open(b.ID, b.Title, b.Summary, h)
	for _, v := range s.lines() {
		x := s.at(v, barLeft, width-barEnd)
		d.line("grid", x, 0, x, h-bottom+4)
		d.text("axis", "middle", x, h-10, b.Format(v))
	}
	for i, r := range b.Bars {
		b.bar(d, s, r, float64(i*barRow))
	}
	f.SVG = d.done()
	return f
}

func (b Bars) note(r Bar) string {
	switch {
	case r.Note != "":
		return r.Note
	case r.Value.OK:
		return b.Format(r.Value.V)
	}
	return b.Missing
}

func (b Bars) bar(d *svg, s scale, r Bar, y float64) {
	mid := y + barRow/2
	d.text("label", "end", barLeft-10, mid+4.5, short(r.Name))
	zero := s.at(0, barLeft, width-barEnd)
	if r.Value.OK {
		x := s.at(r.Value.V, barLeft, width-barEnd)
		fmt.Fprintf(d, `<rect class="bar series-1" x="%s" y="%s" width="%s" height="16" rx="3"/>`, num(min(zero, x)), num(mid-8), num(max(zero, x)-min(zero, x)))
	}
	if r.Low.OK && r.High.OK {
		from, to := s.at(r.Low.V, barLeft, width-barEnd), s.at(r.High.V, barLeft, width-barEnd)
		d.line("whisker", from, mid, to, mid)
		d.line("whisker", from, mid-4, from, mid+4)
		d.line("whisker", to, mid-4, to, mid+4)
	}
	if r.Target.OK {
		x := s.at(r.Target.V, barLeft, width-barEnd)
		d.line("target", x, mid-13, x, mid+13)
	}
	d.text("value", "start", width-barEnd+8, mid+4.5, b.note(r))
}

// short cuts a name to what fits beside the bars; the table has it whole.
func short(name string) string {
	r := []rune(name)
	if len(r) <= 24 {
		return name
	}
	return string(r[:23]) + "…"
}
