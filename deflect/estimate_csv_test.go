package deflect

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestReadExperiments(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []Experiment
	}{
		"plain": {
			"experiment,arm,ticket\nb,treatment,1\na,holdout,0\nb,holdout,1\nb,treatment,0\n",
			[]Experiment{{"b", Arms{2, 1, 1, 1}}, {"a", Arms{Held: 1}}},
		},
		"any order, more columns, quotes, mark, CRLF": {
			"\uFEFFticket,note,\"arm\",experiment\r\n1,\"a, \"\"b\"\"\nc\",holdout,\"x, y\"\r\n\r\n0,,treatment,\"x, y\"",
			[]Experiment{{"x, y", Arms{1, 0, 1, 1}}},
		},
		"no experiment column": {"arm,ticket\nholdout,1\n", []Experiment{{"", Arms{Held: 1, HeldTickets: 1}}}},
		"empty name":           {"experiment,arm,ticket\n,holdout,1\n", []Experiment{{"", Arms{Held: 1, HeldTickets: 1}}}},
		"case and spaces":      {" Arm ,TICKET\n holdout , 1\n", []Experiment{{"", Arms{Held: 1, HeldTickets: 1}}}},
		"spaces around a name": {"arm, ticket, experiment\nholdout, 1, a\nholdout,0,a\n", []Experiment{{"a", Arms{Held: 2, HeldTickets: 1}}}},
		"header only":          {"arm,ticket\n", nil},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := ReadExperiments(r)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

func TestReadExperimentsRefuses(t *testing.T) {
	const head = "note,experiment,arm,ticket\nx,e,holdout,1\n"
	for in, want := range map[string][]string{
		"":                                         {"line 1", "no header"},
		"experiment,ticket\n":                      {"line 1", `"experiment,ticket"`, "arm"},
		"arm;ticket\n":                             {"line 1", `"arm;ticket"`, "commas"},
		"arm,ticket,arm\n":                         {"line 1", `"arm"`, "once"},
		head + "x,e,control,1\n":                   {"line 3", `"arm"`, `"control"`, "treatment or holdout"},
		head + "x,e,Holdout,1\n":                   {"line 3", `"arm"`, `"Holdout"`},
		head + "\n\"x\ny\",e,holdout,yes\n":        {"line 5", `"ticket"`, `"yes"`, "0 or 1"},
		head + "x,e,holdout,\n":                    {"line 3", `"ticket"`, `""`, "0 or 1"},
		head + "x,e,holdout,2\n":                   {"line 3", `"ticket"`, `"2"`},
		head + "x,e\n":                             {"line 3", `"arm"`, "4 fields", "not 2"},
		head + "x,e,holdout,1,7\n":                 {"line 3", "column 5", `"7"`, "4 fields"},
		head + "x,\xff,holdout,1\n":                {"line 3", `"experiment"`, `"\xff"`, "UTF-8"},
		head + "x,e,hold\"out,1\n":                 {"line 3", "quote"},
		head + "x,e,\"holdout,1\n":                 {"line 3", "quote"},
		head + "\"" + strings.Repeat("x\n", 1<<20): {"row 3", "1048576 bytes", "quote"},
		head + "x,e," + strings.Repeat("y", 9999):  {"line 3", "missing"},
	} {
		got, err := ReadExperiments(strings.NewReader(in))
		if err == nil || got != nil {
			t.Errorf("%.80q: read as %v", in, got)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) || len(err.Error()) > 400 {
				t.Errorf("%.80q: %q does not say %q, or is too long", in, err, part)
			}
		}
	}
	broken := errors.New("disk on fire")
	if _, err := ReadExperiments(io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a failing file: %v", err)
	}
}

// TestReadExperimentsManyNames: names are bounded, rows are not.
func TestReadExperimentsManyNames(t *testing.T) {
	var b strings.Builder
	b.WriteString("experiment,arm,ticket\n")
	for i := range maxExperiments + 1 {
		b.WriteString(strconv.Itoa(i) + ",holdout,0\n")
	}
	if _, err := ReadExperiments(strings.NewReader(b.String())); err == nil || !strings.Contains(err.Error(), "line 100002") {
		t.Errorf("one experiment too many: %v", err)
	}
}

func FuzzReadExperiments(f *testing.F) {
	f.Add("\uFEFFexperiment,arm,ticket\r\na,holdout,1\r\na,treatment,0\r\n")
	f.Add("arm,ticket\n\"holdout\",\"1\n")
	f.Fuzz(func(t *testing.T, in string) {
		experiments, err := ReadExperiments(strings.NewReader(in))
		if err != nil {
			return
		}
		if err := WriteEstimates(io.Discard, experiments); err != nil {
			t.Error(err)
		}
	})
}

func TestWriteEstimates(t *testing.T) {
	var out strings.Builder
	err := WriteEstimates(&out, []Experiment{{"<é>", Arms{40, 36, 80, 16}}, {"", Arms{4, 3, 0, 0}}, {"c", Arms{4, 3, 5, 0}}})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	const start = `{"experiment":"<é>","n_treatment":40,"tickets_treatment":36,"n_holdout":80,"tickets_holdout":16,"causal_rate":-3.5,"low":-6.15222`
	if !strings.HasPrefix(lines[0], start) || !strings.Contains(lines[0], `,"anytime_high":`) {
		t.Errorf("first line %s", lines[0])
	}
	const nulls = `,"causal_rate":null,"low":null,"high":null,"anytime_low":null,"anytime_high":null}`
	want := []string{
		`{"experiment":"","n_treatment":4,"tickets_treatment":3,"n_holdout":0,"tickets_holdout":0` + nulls,
		`{"experiment":"c","n_treatment":4,"tickets_treatment":3,"n_holdout":5,"tickets_holdout":0` + nulls, "",
	}
	if diff := cmp.Diff(want, lines[1:]); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkReadExperiments reads a stream of a hundred thousand rows.
func BenchmarkReadExperiments(b *testing.B) {
	in := "experiment,arm,ticket\n" + strings.Repeat("a,treatment,0\na,holdout,1\n", 50_000)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadExperiments(strings.NewReader(in)); err != nil {
			b.Fatal(err)
		}
	}
}
