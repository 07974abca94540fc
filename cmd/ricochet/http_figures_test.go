package main

import (
	"encoding/csv"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// figureLink is a figure on a page that leads to the rows behind it.
var figureLink = regexp.MustCompile(`<a href="(/staff/[^"#]*)" data-rows="(\d+)"`)

// fileOf is where the rows of a figure are as a file.
func fileOf(path string) string {
	before, query, _ := strings.Cut(path, "?")
	switch {
	case strings.HasPrefix(before, "/staff/rows/"):
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

// Every figure of every page on a demo year leads to exactly as many rows as it
// says, and so do the pages of rows themselves.
func TestFiguresLeadToTheirRows(t *testing.T) {
	data := t.TempDir()
	if _, err := ricochet(t, "demo", "--data", data, "--days", "75", "--scale", "0.4"); err != nil {
		t.Fatal(err)
	}
	s := serve(t, data, "--rate-limit", "off")
	desk := s.staff("fr")
	today := time.Now().UTC()
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
		if len(links) < 5 {
			t.Errorf("%s has %d figures with rows", path, len(links))
		}
		if len(links) > 0 { // and the page of rows says the same number
			for _, link := range []int{0, len(links) / 2, len(links) - 1} {
				rows := desk.get(html.UnescapeString(links[link][1]))
				rows.want(t, links[link][1], http.StatusOK)
			}
		}
	}
	t.Logf("%d files of rows", len(counts))
	for _, bad := range []string{"/staff/rows/secrets?field=all&from=2026-01-01&to=2026-01-02", "/staff/rows/searches?field=nothing&from=2026-01-01&to=2026-01-02"} {
		desk.get(bad).want(t, bad, http.StatusNotFound)
	}
	for _, bad := range []string{"?field=searches", "?field=searches&from=2026-13-01&to=2026-01-02", "?field=searches&from=2026-02-01&to=2026-01-01"} {
		desk.get("/staff/rows/searches"+bad).want(t, bad, http.StatusBadRequest)
	}
	odd := "/staff/rows/queries?field=searches&from=2026-01-01&to=2026-01-02&dim=query&value=%00%FF'%3B--"
	desk.get(odd).want(t, odd, http.StatusNotFound)
	if p := s.visitor().get("/staff/rows/searches/csv?field=searches&from=2026-01-01&to=2026-12-31"); strings.Contains(p.body, "reformulated") {
		t.Error("a stranger reads the searches")
	}
}
