package kb

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// months are the names people print in dates, in both languages, by their
// first letters; accents are dropped first.
var months = []struct {
	prefix string
	month  time.Month
}{
	{"jan", 1}, {"feb", 2}, {"fev", 2}, {"mar", 3}, {"apr", 4}, {"avr", 4}, {"may", 5}, {"mai", 5}, {"juin", 6}, {"jun", 6},
	{"juil", 7}, {"jul", 7}, {"aug", 8}, {"aou", 8}, {"sep", 9}, {"oct", 10}, {"nov", 11}, {"dec", 12},
}

var dateWord = regexp.MustCompile(`\d+|[a-z]+`)

// parseDate reads a day in the formats found in real folders. exact says that
// it was written YYYY-MM-DD. Of two numbers that could both be the day, the
// first is (18/11/2019, 03/04/2020), as in both our languages' countries.
func parseDate(s string) (t time.Time, exact, ok bool) {
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, plausible(t), plausible(t)
	}
	if len(s) > 10 && len(s) <= 40 {
		if t, err := time.Parse(time.RFC3339, strings.Replace(s, " ", "T", 1)); err == nil {
			return t.UTC().Truncate(24 * time.Hour), false, plausible(t)
		}
		if t, err := time.Parse(time.DateOnly, s[:10]); err == nil && (s[10] == 'T' || s[10] == ' ') {
			return t, false, plausible(t)
		}
	}
	if len(s) > 60 {
		return time.Time{}, false, false
	}
	var numbers []int
	var month time.Month
	yearFirst := false
	for _, w := range dateWord.FindAllString(strings.ReplaceAll(foldKey(s), "-", " "), -1) {
		if n, err := strconv.Atoi(w); err == nil {
			yearFirst = yearFirst || (len(numbers) == 0 && n > 31)
			numbers = append(numbers, n)
		} else if m := monthOf(w); m != 0 && month == 0 && w != "mardi" {
			month = m
		}
	}
	day, year := 0, 0
	switch {
	case month != 0 && len(numbers) == 2:
		day, year = numbers[0], numbers[1]
	case month == 0 && len(numbers) == 3 && yearFirst:
		year, month, day = numbers[0], time.Month(numbers[1]), numbers[2]
	case month == 0 && len(numbers) == 3:
		day, month, year = numbers[0], time.Month(numbers[1]), numbers[2]
		if month > 12 && day <= 12 {
			day, month = int(month), time.Month(day)
		}
	default:
		return time.Time{}, false, false
	}
	if month != 0 && yearFirst && len(numbers) == 2 {
		day, year = numbers[1], numbers[0]
	}
	t = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day || t.Month() != month || !plausible(t) {
		return time.Time{}, false, false
	}
	return t, false, true
}

// plausible keeps typing errors such as 0202-03-09 out of "recently updated".
func plausible(t time.Time) bool { return t.Year() >= 1990 && t.Year() <= 2200 }

func monthOf(word string) time.Month {
	for _, m := range months {
		if strings.HasPrefix(word, m.prefix) {
			return m.month
		}
	}
	return 0
}
