package web

import (
	"strconv"
	"time"
)

// PeriodName is a month as "2006-01" or a quarter as "2006-Q1" in words,
// "octobre 2026"; what is neither is given back as it is.
func (l *Locale) PeriodName(period string) string {
	if month, err := time.Parse("2006-01", period); err == nil {
		return l.T("reports.month", "Month", l.months[month.Month()-1], "Year", month.Format("2006"))
	}
	if len(period) != len("2006-Q1") || period[4:6] != "-Q" {
		return period
	}
	n, err := strconv.Atoi(period[6:])
	if _, bad := time.Parse("2006", period[:4]); bad != nil || err != nil || n < 1 || n > 4 {
		return period
	}
	return l.N("reports.quarter", n, "Year", period[:4])
}
