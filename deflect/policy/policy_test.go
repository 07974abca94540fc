package policy

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// TestHolidays compares the rules with the published lists of seven years.
func TestHolidays(t *testing.T) {
	data, err := os.ReadFile("../sla/testdata/holidays-fr.json")
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		Date sla.Date `json:"date"`
	}
	var file struct {
		Years map[int]struct {
			Easter   sla.Date `json:"easter_sunday"`
			National []entry  `json:"national"`
			Alsace   []entry  `json:"alsace_moselle_extra"`
		} `json:"years"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Years) != 7 {
		t.Fatalf("%d years", len(file.Years))
	}
	for year, want := range file.Years {
		if got := Easter(year); got != want.Easter {
			t.Errorf("Easter %d: got %s, want %s", year, got, want.Easter)
		}
		var dates, wanted []string
		for _, h := range French(year, true) {
			dates = append(dates, h.Date.String())
		}
		for _, e := range append(want.National, want.Alsace...) {
			wanted = append(wanted, e.Date.String())
		}
		slices.Sort(dates[:11])
		slices.Sort(wanted[:11])
		if diff := cmp.Diff(wanted, dates); diff != "" {
			t.Errorf("%d: %s", year, diff)
		}
		if n := len(French(year, false)); n != 11 {
			t.Errorf("%d: %d national holidays", year, n)
		}
	}
}

// TestMistakes: a file is refused whole, every mistake with its line.
func TestMistakes(t *testing.T) {
	for _, tc := range []struct {
		name, old, new string
		want           []string // "line: part of the reason"
	}{
		{"zone", "standard: # D-2\n    zone: Europe/Paris", "standard:\n    zone: Europe/Lyon", []string{`24: calendar standard: unknown time zone "Europe/Lyon"`}},
		{"two at once", "mon-fri: [09:00-18:00]\n      sat: [10:00-14:00]", "mon-fri: [09:00-09:00]\n      dim: [10:00-14:00]", []string{"26: calendar standard: hours \"09:00-09:00\" open and close at the same time", `27: calendar standard: unknown day "dim"`}},
		{"never opens", "    hours:\n      mon-fri: [00:00-24:00]\n", "", []string{"39: calendar working: never opens"}},
		{"last minute", "00:00-24:00]\n    holidays", "00:00-23:59]\n    holidays", []string{"lose the last minute of the day, want 24:00"}},
		{"target of zero", "P3: 72h on standard}", "P3: 0h on standard}", []string{"a target must be above zero"}},
		{"unknown calendar", "P3: 72h on standard}", "P3: 72h on lune}", []string{`there is no calendar "lune"`}},
		{"no amount", "P3: 72h on standard}", "P3: soon}", []string{"want a figure and a calendar"}},
		{"given twice", "name: default", "name: default\nname: again", []string{"5: mapping key \"name\" already defined"}},
		{"unknown key", "name: default", "name: default\ncolour: red", []string{`unknown key "colour"`}},
		{"cap", "cap: 25%", "cap: 250%", []string{"at most 100%"}},
		{"alerts", "[50, 75, 90, 100]", "[50, 40, 900]", []string{"40 does not come after 50", "whole percents"}},
		{"missing first response", ", P4: 4h on standard}}\n  - {tier: business, target: first_response", "}}\n  - {tier: business, target: first_response", []string{"tier standard has no first_response for P4"}},
		{"holidays", "holidays: [fr]\n  business", "holidays: [de]\n  business", []string{"unknown holidays \"de\", want one of fr, fr-alsace-moselle"}},
		{"not YAML", "name: default", "name: [default", []string{": "}},
	} {
		text := strings.Replace(string(DefaultYAML), tc.old, tc.new, 1)
		if text == string(DefaultYAML) {
			t.Errorf("%s: nothing was replaced", tc.name)
			continue
		}
		_, err := Parse("p.yaml", []byte(text), nil)
		var problems Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: got %v", tc.name, err)
			continue
		}
		if len(problems) != len(tc.want) {
			t.Errorf("%s: got %d problems, want %d:\n%v", tc.name, len(problems), len(tc.want), err)
		}
		for i, want := range tc.want {
			if i < len(problems) && (!strings.Contains(problems[i].String(), want) || problems[i].Line == 0) {
				t.Errorf("%s: got %q, want %q", tc.name, problems[i], want)
			}
		}
	}
}

// TestHostile: a file made to be slow is refused at once.
func TestHostile(t *testing.T) {
	for _, piece := range []string{"[", "{a: ", "- ", "&a ", "? ", "a:\n", "- a: b\n", "a: [b, c]\n", "&a b\n"} {
		text := strings.Repeat(piece, (maxFile-1)/len(piece))
		began := time.Now()
		if _, err := Parse("p.yaml", []byte(text), nil); err == nil {
			t.Errorf("%q: accepted", piece)
		}
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("%q: took %s", piece, d)
		}
	}
	if _, err := Parse("p.yaml", make([]byte, maxFile+1), nil); err == nil {
		t.Error("too large, but accepted")
	}
}

const feed = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260601\r\nDTEND;VALUE=DATE:20260603\r\nSUMMARY:Séminaire\\, à l\r\n 'étranger\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260714\r\nRRULE:FREQ=YEARLY;BYMONTH=7;UNTIL=20280713\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART:20260714T100000Z\r\nDTEND:20260714T110000Z\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260801\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestFeed(t *testing.T) {
	got, err := ParseFeed([]byte(feed))
	if err != nil {
		t.Fatal(err)
	}
	want := []Holiday{
		{sla.Date{Year: 2026, Month: 6, Day: 1}, "Séminaire, à l'étranger"}, {sla.Date{Year: 2026, Month: 6, Day: 2}, "Séminaire, à l'étranger"},
		{sla.Date{Year: 2026, Month: 7, Day: 14}, ""}, {sla.Date{Year: 2027, Month: 7, Day: 14}, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	event := func(lines string) string {
		return "BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + lines + "\nEND:VEVENT\nEND:VCALENDAR\n"
	}
	for name, good := range map[string]string{
		"byte order mark": "\uFEFF" + event("DTSTART;VALUE=DATE:20260601"), "lower case": strings.ToLower(event("dtstart;value=date:20260601")),
		"alarm":     event("BEGIN:VALARM\nSUMMARY:Ring\nDURATION:PT5M\nDTSTART:x\nEND:VALARM\nDTSTART;VALUE=DATE:20260601"),
		"duration":  event("DTSTART;VALUE=DATE:20260530\nDURATION:P3D"),
		"exception": event("DTSTART;VALUE=DATE:20250601\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE;VALUE=DATE:20250601,20270601"),
	} {
		days, err := ParseFeed([]byte(good))
		if err != nil || days[len(days)-1].Date != (sla.Date{Year: 2026, Month: 6, Day: 1}) || days[0].Name != "" {
			t.Errorf("%s: %v, %v", name, days, err)
		}
	}
	for name, bad := range map[string]string{
		"no end of event": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260601\nEND:VCALENDAR\n", "single dates": event("DTSTART;VALUE=DATE:20260601\nRDATE;VALUE=DATE:20260701"),
		"moved": event("DTSTART;VALUE=DATE:20260601\nRECURRENCE-ID;VALUE=DATE:20260602"), "hours": event("DTSTART;VALUE=DATE:20260601\nDURATION:PT36H"),
		"exception of no date": event("DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=YEARLY\nEXDATE:soon"), "no length": event("DTSTART;VALUE=DATE:20260601\nDURATION:P0D"),
		"not a feed": "<html>", "cut short": feed[:len(feed)-20], "weekly": event("DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=WEEKLY"),
		"no rule": event("DTSTART;VALUE=DATE:20260601\nRRULE:COUNT=2"), "no start": event("SUMMARY:x"), "backwards": event("DTSTART;VALUE=DATE:20260601\nDTEND;VALUE=DATE:20260601"),
		"count": event("DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=YEARLY;COUNT=x"), "until": event("DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=YEARLY;UNTIL=20269999"),
		"end": event("DTSTART;VALUE=DATE:20260601\nDTEND:soon"), "endless": event("DTSTART;VALUE=DATE:20260601\nDTEND;VALUE=DATE:20990601"),
	} {
		if got, err := ParseFeed([]byte(bad)); err == nil {
			t.Errorf("%s: read as %v", name, got)
		}
	}
}

// TestFeedCache: a source that fails or sends rubbish changes nothing.
func TestFeedCache(t *testing.T) {
	source, fail := feed, error(nil)
	var stale []string
	c := &FeedCache{Dir: t.TempDir(), Fetch: func(string) ([]byte, error) { return []byte(source), fail }, Stale: func(ref string, err error) { stale = append(stale, ref+": "+err.Error()) }}
	if _, err := c.Get("a.ics"); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []func(){func() { source = "rubbish" }, func() { fail = errors.New("down") }} {
		broken()
		if got, err := c.Get("a.ics"); err != nil || string(got) != feed {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if _, err := c.Get("b.ics"); err == nil {
		t.Error("a feed never seen was read")
	}
	if len(stale) != 2 || !strings.Contains(stale[1], "down") {
		t.Errorf("told: %q", stale)
	}
}

// TestFolder: the files of a folder are versions of one policy.
func TestFolder(t *testing.T) {
	later := strings.Replace(string(DefaultYAML), "name: default", "name: later\neffective: 2027-01-01T00:00:00+01:00", 1)
	later = strings.Replace(later, "holidays: [fr]", "holidays: [fr, fr-alsace-moselle]\n    feeds: [team.ics]\n    closed: [2026-06-05]\n    overrides:\n      2026-12-24: [09:00-12:00]\n    breaks:\n      2026-12-23: [12:00-14:00]", 1)
	fsys := fstest.MapFS{"p/1.yaml": {Data: DefaultYAML}, "p/2.yaml": {Data: []byte(later)}, "team.ics": {Data: []byte(feed)}, "empty/x.txt": {}}
	set, err := Load(fsys, "p", nil)
	if err != nil {
		t.Fatal(err)
	}
	if set.Latest.Name != "later" || set.Book.At(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)).Name != "default" {
		t.Errorf("latest is %s", set.Latest.Name)
	}
	for date, want := range map[string]bool{"2026-06-01": false, "2026-06-03": true, "2026-06-05": false, "2026-12-26": false, "2026-12-24": true, "2027-03-26": false} {
		d, err := sla.ParseDate(date)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Calendars["standard"].IsWorkingDay(d); got != want {
			t.Errorf("%s: working %v, want %v", date, got, want)
		}
	}
	if _, err := Load(fsys, "p/1.yaml", nil); err != nil {
		t.Error(err)
	}
	fsys["p/3.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(later, "team.ics", "gone.ics", 1))}
	for _, name := range []string{"p", "empty", "nowhere"} {
		if _, err := Load(fsys, name, nil); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(DefaultYAML)
	for _, s := range []string{"", "a", "a: [", "calendars: {a: {zone: UTC, hours: {mon: [09:00-18:00]}}}", "tiers:\n  - &x {name: *x}", "targets: [{tier: a, target: b, kind: c, cells: {P9: 1 working day on x}}]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Parse("fuzz.yaml", data, nil)
		var problems Problems
		if (set == nil) == (err == nil) || err != nil && !errors.As(err, &problems) {
			t.Fatalf("set %v, error %v", set, err)
		}
		if set != nil {
			set.Latest.Cell(set.Latest.Tiers[0].Name, sla.P1, sla.Resolution).Due(time.Unix(0, 0))
		}
	})
}

func FuzzFeed(f *testing.F) {
	f.Add([]byte(feed))
	f.Fuzz(func(t *testing.T, data []byte) {
		if days, err := ParseFeed(data); err == nil && len(days) > maxHolidays+maxSpan*(lastYear+1) {
			t.Fatalf("%d days", len(days))
		}
	})
}
