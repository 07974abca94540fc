package web

import (
	"strconv"
	"strings"
	"time"
)

// DayTime is an instant near now in few words: "10 h 30" today, "lun. 10 h 30"
// within six days, "30 novembre, 10 h 30" beyond.
func (l *Locale) DayTime(t, now time.Time) string {
	t, now = t.In(l.zone), now.In(l.zone)
	midnight := func(d time.Time) time.Time {
		return time.Date(d.Year(), d.Month(), d.Day(), 12, 0, 0, 0, time.UTC)
	}
	days := int(midnight(t).Sub(midnight(now)).Hours()) / 24
	switch {
	case days == 0:
		return l.Clock(t)
	case days > -7 && days < 7:
		return l.T("weekday."+strings.ToLower(t.Weekday().String())) + " " + l.Clock(t)
	}
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = l.firstDay
	}
	return strings.NewReplacer("{day}", day, "{month}", l.months[t.Month()-1]).Replace(l.T("date.short")) + ", " + l.Clock(t)
}
