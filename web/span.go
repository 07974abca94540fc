package web

import "time"

// Span is a length of time in the two largest units that say something:
// "3 j 4 h", "2 h 05 min", "12 min". Less than a minute counts as one.
func (l *Locale) Span(d time.Duration) string {
	minutes := max(1, int(d.Round(time.Minute)/time.Minute))
	days, hours := minutes/(24*60), minutes/60%24
	unit := func(key string, n int) string { return l.T("span."+key, "N", n) }
	switch {
	case days > 0 && hours > 0:
		return unit("day", days) + " " + unit("hour", hours)
	case days > 0:
		return unit("day", days)
	case hours > 0 && minutes%60 > 0:
		return unit("hour", hours) + " " + unit("minute", minutes%60)
	case hours > 0:
		return unit("hour", hours)
	}
	return unit("minute", minutes)
}

// Hours is a length of open time: in hours and minutes however long, because a
// day of open time is not a day.
func (l *Locale) Hours(d time.Duration) string {
	minutes := max(1, int(d.Round(time.Minute)/time.Minute))
	if minutes < 60 {
		return l.T("span.minute", "N", minutes)
	}
	text := l.T("span.hour", "N", minutes/60)
	if minutes%60 > 0 {
		text += " " + l.T("span.minute", "N", minutes%60)
	}
	return text
}

// Texts says mails' texts in every language, for package notify.
type Texts struct{ locales *Locales }

// Texts is the site's texts for mail.
func (s *Server) Texts() Texts { return Texts{s.locales} }

// Text is the text of key in a language, the default one when it has none.
func (t Texts) Text(lang, key string, data map[string]any) string {
	return t.locale(lang).Text(key, data)
}

// Instant is a point in time in words, with the site's time zone.
func (t Texts) Instant(lang string, at time.Time, _ string) string {
	loc := t.locale(lang)
	return loc.DateTime(at) + " " + loc.T("due.zone")
}

func (t Texts) locale(lang string) *Locale {
	if loc := t.locales.Get(lang); loc != nil {
		return loc
	}
	return t.locales.Default
}
