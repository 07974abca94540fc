package policy

import (
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// The years for which holidays given by rule are spelled out.
const (
	firstYear = 2000
	lastYear  = 2100
)

// Holiday is a date without work and its name.
type Holiday struct {
	Date sla.Date
	Name string
}

// Easter is Easter Sunday of a year of the Gregorian calendar, by the
// anonymous algorithm: the golden number, the epact and the Sunday after the
// paschal full moon.
func Easter(year int) sla.Date {
	golden, century := year%19, year/100
	epact := (19*golden + century - century/4 - (century-(century+8)/25+1)/3 + 15) % 30
	weekday := (32 + 2*(century%4) + 2*(year%100/4) - epact - year%100%4) % 7
	shift := (golden + 11*epact + 22*weekday) / 451
	days := epact + weekday - 7*shift + 114
	return sla.Date{Year: year, Month: time.Month(days / 31), Day: days%31 + 1}
}

// French lists the 11 national holidays of a year in order, with Alsace-Moselle's
// two more if asked (D-2). A holiday on a weekend is not moved.
func French(year int, alsaceMoselle bool) []Holiday {
	easter := Easter(year)
	on := func(month time.Month, day int, name string) Holiday {
		return Holiday{sla.Date{Year: year, Month: month, Day: day}, name}
	}
	out := []Holiday{
		on(time.January, 1, "Jour de l'an"),
		{easter.AddDays(1), "Lundi de Pâques"},
		on(time.May, 1, "Fête du Travail"),
		on(time.May, 8, "Victoire 1945"),
		{easter.AddDays(39), "Ascension"},
		{easter.AddDays(50), "Lundi de Pentecôte"},
		on(time.July, 14, "Fête nationale"),
		on(time.August, 15, "Assomption"),
		on(time.November, 1, "Toussaint"),
		on(time.November, 11, "Armistice 1918"),
		on(time.December, 25, "Noël"),
	}
	if alsaceMoselle {
		out = append(out, Holiday{easter.AddDays(-2), "Vendredi saint"}, on(time.December, 26, "Saint-Étienne"))
	}
	return out
}

// holidaySets are the holidays a calendar can name.
var holidaySets = map[string]func(year int) []Holiday{
	"fr": func(year int) []Holiday { return French(year, false) },
	"fr-alsace-moselle": func(year int) []Holiday {
		return French(year, true)[11:]
	},
}
