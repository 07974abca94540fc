package main

import (
	"encoding/csv"
	"encoding/json"
	"html"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/gaps"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
)

// figureLink is a figure on a page that leads to the rows behind it.
var figureLink = regexp.MustCompile(`<a href="(/staff/[^"#]*)" data-rows="(\d+)"`)

// followedLink is what was written before or after a draft was published.
var followedLink = regexp.MustCompile(`"/staff/insights/drafts/published\?part=(before|after)" data-rows="[1-9]`)

// fileOf is where the rows of a figure are as a file.
func fileOf(path string) string {
	before, query, _ := strings.Cut(path, "?")
	switch {
	case strings.HasPrefix(before, "/staff/rows/"):
		return before + "/csv?" + query
	case strings.HasPrefix(before, "/staff/insights/drafts/"):
		return before + "/csv?" + query
	case strings.HasPrefix(before, "/staff/insights/gaps/"):
		return "/staff/insights/gaps.csv?gap=" + strings.TrimPrefix(before, "/staff/insights/gaps/") + "&" + query
	}
	return before + ".csv?" + query
}

// rowsIn counts the rows of a file; where they have a number of their own, it
// adds these up.
func rowsIn(t *testing.T, text string) int {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatalf("%v\n%.300s", err, text)
	}
	number := max(slices.Index(rows[0], "n"), slices.Index(rows[0], "count"))
	if number < 0 {
		return len(rows) - 1
	}
	sum := 0
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[number])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// publishedDraft drafts an article for the question that was asked most without
// an answer, and gives the folder of content that has it. It is first read that
// day; its author dates it five days later, as after an edit.
func publishedDraft(t *testing.T, data string, day time.Time) string {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Dir: data, Clock: clock.NewManual(day), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := db.GapTexts(t.Context(), day.AddDate(0, 0, -20), gaps.MaxTexts)
	if err != nil {
		t.Fatal(err)
	}
	asked, most := map[string]int{}, gaps.Text{}
	for _, text := range texts {
		if text.Source != gaps.Search || text.Lang != "fr" {
			continue
		}
		if asked[text.Text] += text.Count; asked[text.Text] > asked[most.Text] {
			most = text
		}
	}
	d := gaps.Drafted{ID: "published", Lang: "fr", Article: "faq/draft", Title: "Ébauche publiée", Questions: []gaps.Text{{Lang: "fr", Text: most.Text}}}
	if err := db.SaveGapDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := db.AddViews(t.Context(), day.Format(time.DateOnly), []deflect.Views{{Lang: "fr", Article: "faq/draft", N: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "content")
	if err := os.CopyFS(dir, content.FS); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "fr/faq/draft.md", "---\ntitle: Ébauche publiée\ndescription: Une réponse en une phrase.\nupdated: "+day.AddDate(0, 0, 5).Format(time.DateOnly)+"\n---\n\nLa réponse.\n")
	return dir
}

// Every figure of every page on a demo year leads to exactly as many rows as it
// says, and so do the pages of rows themselves.
func TestFiguresLeadToTheirRows(t *testing.T) {
	data := t.TempDir()
	if _, err := ricochet(t, "demo", "--data", data, "--days", "75", "--scale", "0.4"); err != nil {
		t.Fatal(err)
	}
	today := time.Now().UTC()
	s := serve(t, data, "--rate-limit", "off", "--content", publishedDraft(t, data, today.AddDate(0, 0, -20)))
	desk := s.staff("fr")
	month := today.AddDate(0, 0, -today.Day()).Format("2006-01") + "-01"
	issued := regexp.MustCompile(`/staff/reports/(weekly|quarterly)/[0-9-]+`)
	pages := []string{
		"/staff/deflection", "/staff/experiment", "/staff/insights/deflection?days=60", "/staff/insights/search?days=60", "/staff/insights/articles?days=30",
		"/staff/insights/support?days=60", "/staff/insights/support?days=7", "/staff/reports/monthly/" + month,
	}
	latest := map[string]bool{}
	for _, m := range issued.FindAllStringSubmatch(desk.get("/staff/reports").body, -1) {
		if !latest[m[1]] {
			latest[m[1]] = true
			pages = append(pages, m[0])
		}
	}
	until(t, "a first look for gaps", func() bool { return strings.Contains(desk.get("/staff/insights/gaps").body, "data-rows") })
	pages = append(pages, "/staff/insights/gaps")
	counts := map[string]int{}
	for _, path := range pages {
		p := desk.get(path)
		p.want(t, path, http.StatusOK)
		links := figureLink.FindAllStringSubmatch(p.body, -1)
		wrong := 0
		for _, link := range links {
			want, err := strconv.Atoi(link[2])
			if err != nil {
				t.Fatal(err)
			}
			file := fileOf(html.UnescapeString(link[1]))
			got, known := counts[file]
			if !known {
				f := desk.get(file)
				f.want(t, file, http.StatusOK)
				got = rowsIn(t, f.body)
				counts[file] = got
			}
			if got != want {
				if wrong++; wrong < 10 {
					t.Errorf("%s: the figure is %d, the rows of %s come to %d", path, want, link[1], got)
				}
			}
		}
		t.Logf("%-40s %4d figures", path, len(links))
		if path == "/staff/insights/gaps" && len(followedLink.FindAllString(p.body, -1)) != 2 {
			t.Error("the question of the published draft has no rows before and after it")
		}
		if path == "/staff/insights/gaps" && !strings.Contains(desk.get("/staff/insights/drafts.csv").body, today.AddDate(0, 0, -20).Format(",2006-01-02,")) {
			t.Error("the draft was published on another day than it was first read")
		}
		if len(links) < 5 {
			t.Errorf("%s has %d figures with rows", path, len(links))
		}
		if len(links) > 0 { // and the page of rows says the same number
			for _, link := range []int{0, len(links) / 2, len(links) - 1} {
				rows := desk.get(html.UnescapeString(links[link][1]))
				rows.want(t, links[link][1], http.StatusOK)
				path := html.UnescapeString(links[link][1])
				if of, _, _ := strings.Cut(path, "?"); of == "/staff/attempts" || strings.HasPrefix(of, "/staff/rows/") || strings.HasPrefix(of, "/staff/insights/drafts/") {
					var file struct {
						Columns []string
						Rows    [][]any
					}
					text := desk.get(strings.Replace(strings.Replace(fileOf(path), "/csv?", "/json?", 1), ".csv?", ".json?", 1)).body
					if err := json.Unmarshal([]byte(text), &file); err != nil {
						t.Fatalf("%s as JSON: %v\n%.300s", path, err, text)
					}
					if n := max(slices.Index(file.Columns, "n"), slices.Index(file.Columns, "count")); n < 0 && len(file.Rows) != counts[fileOf(path)] || len(file.Rows) == 0 || len(file.Rows[0]) != len(file.Columns) {
						t.Errorf("%s has %d rows as JSON, %d as CSV", path, len(file.Rows), counts[fileOf(path)])
					}
				}
			}
		}
	}
	t.Logf("%d files of rows", len(counts))
	var sums struct {
		Total      struct{ Attempts int }
		Categories []struct{ Attempts int }
	}
	all := desk.get("/staff/deflection.json").body
	if err := json.Unmarshal([]byte(all), &sums); err != nil || sums.Total.Attempts == 0 {
		t.Errorf("%v: %s", err, all)
	}
	for _, x := range sums.Categories {
		sums.Total.Attempts -= x.Attempts
	}
	if sums.Total.Attempts != 0 {
		t.Errorf("the categories are %d short of the total: %s", sums.Total.Attempts, all)
	}
	for _, bad := range []string{"/staff/rows/secrets?field=all&from=2026-01-01&to=2026-01-02", "/staff/rows/searches?field=nothing&from=2026-01-01&to=2026-01-02"} {
		desk.get(bad).want(t, bad, http.StatusNotFound)
	}
	for _, bad := range []string{"?field=searches", "?field=searches&from=2026-13-01&to=2026-01-02", "?field=searches&from=2026-02-01&to=2026-01-01"} {
		desk.get("/staff/rows/searches"+bad).want(t, bad, http.StatusBadRequest)
	}
	for _, bad := range []string{"/staff/insights/drafts/nobody?part=before", "/staff/insights/drafts/published?part=later", "/staff/insights/drafts/published/csv"} {
		desk.get(bad).want(t, bad, http.StatusNotFound)
	}
	odd := "/staff/rows/queries?field=searches&from=2026-01-01&to=2026-01-02&dim=query&value=%00%FF'%3B--"
	desk.get(odd).want(t, odd, http.StatusNotFound)
	if p := s.visitor().get("/staff/rows/searches/csv?field=searches&from=2026-01-01&to=2026-12-31"); strings.Contains(p.body, "reformulated") {
		t.Error("a stranger reads the searches")
	}
}
