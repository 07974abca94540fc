package deflect

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Experiment is one experiment of outside data with its counts.
type Experiment struct {
	Name string
	Arms
}

// The bounds on outside data: rows may be many, but neither one row nor the
// list of experiments may fill the memory.
const (
	maxRow         = 1 << 20 // bytes
	maxExperiments = 100_000
)

// ReadExperiments counts the rows of a CSV file (RFC 4180, UTF-8, with or
// without a byte order mark) by experiment, in order of first appearance. Its
// header names the columns, in any order and case: arm (treatment or holdout), ticket (0
// or 1) and optionally experiment; others are ignored. A row that is wrong is
// an error with its line, column, value and what would be right.
func ReadExperiments(r io.Reader) ([]Experiment, error) {
	rows := &rowLimit{r: r, left: maxRow}
	in := bufio.NewReaderSize(rows, 1<<16)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\uFEFF" {
		if _, err := in.Discard(3); err != nil {
			return nil, err
		}
	}
	file := csv.NewReader(in)
	file.ReuseRecord = true
	file.FieldsPerRecord = -1 // counted here, for a better message
	header, err := file.Read()
	if err == io.EOF {
		return nil, errors.New(`line 1: no header; want one that names the columns arm and ticket, and experiment if there are several`)
	}
	if err != nil {
		return nil, rowError(err, 1)
	}
	columns, err := findColumns(header)
	if err != nil {
		return nil, err
	}
	columns.reader = file
	t := tally{index: map[string]int{}}
	for row := 2; ; row++ {
		rows.left = maxRow
		record, err := file.Read()
		if err == io.EOF {
			return t.list, nil
		}
		if err != nil {
			return nil, rowError(err, row)
		}
		name, group, ticket, err := columns.parse(record)
		if err != nil {
			return nil, err
		}
		if err := t.add(name, group, ticket); err != nil {
			return nil, columns.wrong(columns.experiment, "%w", err)
		}
	}
}

// tally counts attempts by experiment.
type tally struct {
	index map[string]int
	list  []Experiment
}

func (t *tally) add(name string, group Group, ticket bool) error {
	i, known := t.index[name]
	if !known {
		if !utf8.ValidString(name) {
			return fmt.Errorf("%.60q is not UTF-8 text", name)
		}
		if len(t.list) == maxExperiments {
			return fmt.Errorf("%.60q is one experiment too many; at most %d", name, maxExperiments)
		}
		i, name = len(t.list), strings.Clone(name) // not the whole row's memory
		t.index[name] = i
		t.list = append(t.list, Experiment{Name: name})
	}
	t.list[i].Add(group, ticket)
	return nil
}

// columns are the places of the wanted columns in a row; experiment is -1 when
// there is none.
type columns struct {
	experiment, arm, ticket int
	header                  []string
	reader                  *csv.Reader
}

func findColumns(header []string) (columns, error) {
	c := columns{header: make([]string, len(header))}
	for i, name := range header {
		c.header[i] = strings.ToLower(strings.TrimSpace(name))
	}
	header = c.header
	for _, want := range []struct {
		name string
		at   *int
	}{{"experiment", &c.experiment}, {"arm", &c.arm}, {"ticket", &c.ticket}} {
		*want.at = slices.Index(header, want.name)
		if *want.at >= 0 && slices.Contains(header[*want.at+1:], want.name) {
			return c, fmt.Errorf("line 1: column %q appears twice; want it once", want.name)
		}
	}
	if c.arm < 0 || c.ticket < 0 {
		return c, fmt.Errorf("line 1: header %.200q; want columns named arm and ticket, separated by commas", strings.Join(header, ","))
	}
	return c, nil
}

func (c columns) parse(record []string) (name string, group Group, ticket bool, err error) {
	if n, want := len(record), len(c.header); n < want {
		line, _ := c.reader.FieldPos(0)
		return "", "", false, fmt.Errorf("line %d, column %.60q: missing; want %d fields as in the header, not %d", line, c.header[n], want, n)
	} else if n > want {
		line, _ := c.reader.FieldPos(want)
		return "", "", false, fmt.Errorf("line %d, column %d: %.60q is under no header; want %d fields, not %d", line, want+1, record[want], want, n)
	}
	if c.experiment >= 0 {
		name = strings.TrimSpace(record[c.experiment]) // or a space after a comma makes two experiments of one
	}
	switch group = Group(strings.TrimSpace(record[c.arm])); group {
	case Treatment, Holdout:
	default:
		return "", "", false, c.wrong(c.arm, "%.60q is not an arm; want treatment or holdout", record[c.arm])
	}
	switch strings.TrimSpace(record[c.ticket]) {
	case "1":
		ticket = true
	case "0":
	default:
		return "", "", false, c.wrong(c.ticket, "%.60q is not 0 or 1; want 1 for a ticket, 0 for none", record[c.ticket])
	}
	return name, group, ticket, nil
}

// wrong names the line and the column of a wrong value of the current row.
func (c columns) wrong(column int, format string, args ...any) error {
	line, _ := c.reader.FieldPos(column)
	return fmt.Errorf("line %d, column %q: %w", line, c.header[column], fmt.Errorf(format, args...))
}

// rowError says where a row cannot be read as CSV.
func rowError(err error, row int) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("line %d, byte %d of it: %w; want a field with a quote or comma in quotes, its own quotes doubled", p.Line, p.Column, p.Err)
	}
	return fmt.Errorf("row %d, counting the header: %w", row, err)
}

var errLongRow = fmt.Errorf("a row is longer than %d bytes; is a closing quote missing?", maxRow)

// rowLimit refuses to read more than left bytes until left is set again.
type rowLimit struct {
	r    io.Reader
	left int
}

func (l *rowLimit) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongRow
	}
	n, err := l.r.Read(b)
	l.left -= n
	return n, err
}

// WriteEstimates writes one line of JSON for each experiment: its counts and
// its causal rate with the fixed and the always-valid 95 % bounds. They are
// null when there is nothing to estimate from.
func WriteEstimates(w io.Writer, experiments []Experiment) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, e := range experiments {
		line := e.Arms.Line(e.Name)
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// EstimateLine is an experiment as JSON: attempts and tickets of both arms, and
// the causal rate with its intervals (D-32), null where there is none.
type EstimateLine struct {
	Experiment     string   `json:"experiment"`
	Treated        int      `json:"n_treatment"`
	TreatedTickets int      `json:"tickets_treatment"`
	Held           int      `json:"n_holdout"`
	HeldTickets    int      `json:"tickets_holdout"`
	Rate           *float64 `json:"causal_rate"`
	Low            *float64 `json:"low"`
	High           *float64 `json:"high"`
	AnytimeLow     *float64 `json:"anytime_low"`
	AnytimeHigh    *float64 `json:"anytime_high"`
}

// Line is the estimate of an experiment as JSON. Its strata are estimated
// together; without any the arms are the only one.
func (a Arms) Line(experiment string, strata ...Arms) EstimateLine {
	line := EstimateLine{Experiment: experiment, Treated: a.Treated, TreatedTickets: a.TreatedTickets, Held: a.Held, HeldTickets: a.HeldTickets}
	if len(strata) == 0 {
		strata = []Arms{a}
	}
	if c, ok := EstimateCausal(strata...); ok {
		line.Rate, line.Low, line.High = finite(c.Rate), finite(c.Low), finite(c.High)
		line.AnytimeLow, line.AnytimeHigh = finite(c.AnytimeLow), finite(c.AnytimeHigh)
	}
	return line
}

// finite is v for JSON, nil on a side without bound.
func finite(v float64) *float64 {
	if math.IsInf(v, 0) {
		return nil
	}
	return &v
}
