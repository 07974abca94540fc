package web

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/themes"
)

// Locale speaks one language: texts, plurals, dates and numbers as that
// language writes them. It is immutable and safe for concurrent use.
type Locale struct {
	Lang      string // language tag, the first segment of its URLs: "fr"
	Name      string // the language's name in itself: "Français"
	localizer *i18n.Localizer
	plain     map[string]string // texts without a placeholder or plural, ready to use
	keys      map[string]bool   // every key this language can say, fallback included
	months    [12]string
	firstDay  string // how the first of a month is written: "1er"
	longDate  string // pattern with {day} {month} {year}
	clockMark string // between hours and minutes: " h ", ":"
	group     string // between thousands
	decimal   string
	zone      *time.Location
}

// Locales is every language of the site, the default one first.
type Locales struct {
	Default *Locale
	All     []*Locale // default first, then by tag
	byLang  map[string]*Locale
	matcher language.Matcher
	keys    map[string][]string // per language, the keys of its own files, sorted
}

// Get is the locale of a language tag, nil when the site does not speak it.
func (l *Locales) Get(lang string) *Locale { return l.byLang[lang] }

// Negotiate is the locale that fits an Accept-Language header best, the
// default when none does or the header cannot be read.
func (l *Locales) Negotiate(acceptLanguage string) *Locale {
	const longest = 1024 // a header beyond this is not a browser's
	if acceptLanguage == "" || len(acceptLanguage) > longest {
		return l.Default
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return l.Default
	}
	_, i, confidence := l.matcher.Match(tags...)
	if confidence == language.No {
		return l.Default
	}
	return l.All[i]
}

// loadLocales reads locales/*.toml of the default theme and then of the
// override, key by key. A language is a file; a key that a language does not
// have is said in the default language. Times are shown in zone (D-1).
func loadLocales(override fs.FS, defaultLang string, zone *time.Location) (*Locales, error) {
	bundle := i18n.NewBundle(language.Make(defaultLang))
	messages := map[string]map[string]*i18n.Message{}
	for _, layer := range themes.Layers(override) {
		if err := readLocaleFiles(layer, bundle, messages); err != nil {
			return nil, err
		}
	}
	if messages[defaultLang] == nil {
		return nil, fmt.Errorf("locales/%s.toml: no such file, and it is the default language", defaultLang)
	}
	langs := make([]string, 0, len(messages))
	for lang := range messages {
		if lang != defaultLang {
			langs = append(langs, lang)
		}
	}
	slices.Sort(langs)
	langs = slices.Insert(langs, 0, defaultLang)

	all := &Locales{byLang: map[string]*Locale{}, keys: map[string][]string{}}
	tags := make([]language.Tag, 0, len(langs))
	for _, lang := range langs {
		loc, err := newLocale(bundle, lang, messages[lang], messages[defaultLang])
		if err != nil {
			return nil, fmt.Errorf("locales/%s.toml: %w", lang, err)
		}
		loc.zone = zone
		all.All = append(all.All, loc)
		all.byLang[lang] = loc
		tags = append(tags, language.Make(lang))
		for key := range messages[lang] {
			all.keys[lang] = append(all.keys[lang], key)
		}
		slices.Sort(all.keys[lang])
	}
	all.Default = all.All[0]
	all.matcher = language.NewMatcher(tags)
	return all, nil
}

// readLocaleFiles adds one layer's locale files to the bundle and to messages,
// which is language tag -> key -> message.
func readLocaleFiles(layer fs.FS, bundle *i18n.Bundle, messages map[string]map[string]*i18n.Message) error {
	entries, err := fs.ReadDir(layer, "locales")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("locales: %w", err)
	}
	for _, e := range entries {
		name := path.Join("locales", e.Name())
		lang, isTOML := strings.CutSuffix(e.Name(), ".toml")
		if !isTOML {
			continue
		}
		tag, err := language.Parse(lang)
		if err != nil {
			return fmt.Errorf("%s: %q is not a language tag; name the file like fr.toml", name, lang)
		}
		var tree map[string]any
		if _, err := toml.DecodeFS(layer, name, &tree); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if messages[lang] == nil {
			messages[lang] = map[string]*i18n.Message{}
		}
		if err := flatten("", tree, messages[lang]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, m := range messages[lang] {
			if err := bundle.AddMessages(tag, m); err != nil {
				return fmt.Errorf("%s: %s: %w", name, m.ID, err)
			}
		}
	}
	return nil
}

// flatten makes messages of a locale file's tables: [search] none = "..." is
// the key search.none, and a table of plural forms alone is one message. It
// is done here because go-i18n's own reader reserves words such as
// "description", which pages need as keys.
func flatten(prefix string, table map[string]any, into map[string]*i18n.Message) error {
	for name, value := range table {
		key := prefix + name
		switch v := value.(type) {
		case string:
			into[key] = &i18n.Message{ID: key, Other: v}
		case map[string]any:
			if m := plural(key, v); m != nil {
				into[key] = m
			} else if err := flatten(key+".", v, into); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s: want a text, got %v", key, value)
		}
	}
	return nil
}

// plural is the message of a table that holds plural forms and nothing else,
// at least one and other; nil for any other table.
func plural(key string, table map[string]any) *i18n.Message {
	m := &i18n.Message{ID: key}
	forms := map[string]*string{"zero": &m.Zero, "one": &m.One, "two": &m.Two, "few": &m.Few, "many": &m.Many, "other": &m.Other}
	for name, value := range table {
		text, isText := value.(string)
		form := forms[name]
		if form == nil || !isText {
			return nil
		}
		*form = text
	}
	if m.One == "" || m.Other == "" {
		return nil
	}
	return m
}

func newLocale(bundle *i18n.Bundle, lang string, own, fallback map[string]*i18n.Message) (*Locale, error) {
	loc := &Locale{
		Lang:      lang,
		localizer: i18n.NewLocalizer(bundle, lang),
		plain:     make(map[string]string, len(fallback)),
		keys:      make(map[string]bool, len(fallback)),
	}
	for _, set := range []map[string]*i18n.Message{fallback, own} {
		for key, m := range set {
			loc.keys[key] = true
			if m.One == "" && !strings.Contains(m.Other, "{{") {
				loc.plain[key] = m.Other
			} else {
				delete(loc.plain, key)
			}
		}
	}
	for _, need := range []struct {
		key string
		to  *string
	}{
		{"language.name", &loc.Name}, {"date.first", &loc.firstDay}, {"date.long", &loc.longDate},
		{"date.clock", &loc.clockMark}, {"number.group", &loc.group}, {"number.decimal", &loc.decimal},
	} {
		text, ok := loc.plain[need.key]
		if !ok {
			return nil, fmt.Errorf("the key %s is missing", need.key)
		}
		*need.to = text
	}
	for i := range loc.months {
		key := "month.m" + strconv.Itoa(i+1)
		text, ok := loc.plain[key]
		if !ok {
			return nil, fmt.Errorf("the key %s is missing", key)
		}
		loc.months[i] = text
	}
	return loc, nil
}

// Has says whether the language has a text under key.
func (l *Locale) Has(key string) bool { return l.keys[key] }

// T is the text of key; args are pairs of placeholder name and value. An
// unknown key gives the key itself, so that a page still comes out; tests
// demand that none is unknown.
func (l *Locale) T(key string, args ...any) string {
	if len(args) == 0 {
		if text, ok := l.plain[key]; ok {
			return text
		}
	}
	return l.localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: l.pairs(args)})
}

// N is the text of key for count things; the text sees the count as {{.N}},
// written as the language writes numbers, and args as T does.
func (l *Locale) N(key string, count int, args ...any) string {
	data := l.pairs(args)
	data["N"] = l.Number(count)
	return l.localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: count, TemplateData: data})
}

// Text is T for data that is already a map, as errs.Error carries it.
func (l *Locale) Text(key string, data map[string]any) string {
	if len(data) == 0 {
		return l.T(key)
	}
	data = maps.Clone(data)
	for name, v := range data {
		if keys, ok := v.(errs.Texts); ok {
			parts := make([]string, len(keys))
			for i, k := range keys {
				parts[i] = l.T(k)
			}
			data[name] = strings.Join(parts, ", ")
		}
	}
	return l.localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data})
}

func (l *Locale) localize(lc *i18n.LocalizeConfig) string {
	text, err := l.localizer.Localize(lc)
	if err != nil && text == "" && lc.PluralCount != nil {
		// CLDR gives French a third form for millions that no text here needs.
		text, err = l.localizer.Localize(&i18n.LocalizeConfig{MessageID: lc.MessageID, TemplateData: lc.TemplateData, PluralCount: 2})
	}
	if err != nil && text == "" {
		return lc.MessageID
	}
	return text
}

// pairs makes template data from name, value, name, value; numbers are
// written as the language writes them.
func (l *Locale) pairs(args []any) map[string]any {
	data := make(map[string]any, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			continue
		}
		switch v := args[i+1].(type) {
		case int:
			data[name] = l.Number(v)
		case int64:
			data[name] = l.Number(int(v))
		case time.Time:
			data[name] = l.Date(v)
		default:
			data[name] = v
		}
	}
	return data
}

// Date is a calendar day, "22 novembre 2026"; "" for the zero time.
func (l *Locale) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	// A date alone is midnight UTC and must not slip to the day before or after.
	if h, m, s := t.Clock(); t.Location() != time.UTC || h+m+s != 0 {
		t = t.In(l.zone)
	}
	return l.day(t)
}

// DateTime is an instant in the site's zone with the zone's name,
// "22 novembre 2026, 14 h 05 CET"; "" for the zero time.
func (l *Locale) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(l.zone)
	return l.day(t) + ", " + l.Clock(t) + " " + t.Format("MST")
}

// Clock is the time of day in the site's zone, "14 h 05" or "14:05".
func (l *Locale) Clock(t time.Time) string {
	t = t.In(l.zone)
	return fmt.Sprintf("%d%s%02d", t.Hour(), l.clockMark, t.Minute())
}

func (l *Locale) day(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = l.firstDay
	}
	return strings.NewReplacer("{day}", day, "{month}", l.months[t.Month()-1], "{year}", strconv.Itoa(t.Year())).Replace(l.longDate)
}

// Number is an integer with the language's thousands separator.
func (l *Locale) Number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range digits {
		// Four digits stay together, as typographers of both languages advise.
		if i > 0 && (len(digits)-i)%3 == 0 && len(digits) > 4 {
			b.WriteString(l.group)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Decimal is a number with a fixed count of decimals, "12,5".
func (l *Locale) Decimal(x float64, decimals int) string {
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(whole)
	if err != nil { // NaN, Inf, or beyond an int: written as Go does
		return s
	}
	out := l.Number(n)
	if n == 0 && x < 0 {
		out = "−0"
	}
	if fraction != "" {
		out += l.decimal + fraction
	}
	return out
}

// Percent is a share between 0 and 1 as a percentage, "62,5 %".
func (l *Locale) Percent(share float64, decimals int) string {
	return l.T("number.percent", "N", l.Decimal(share*100, decimals))
}

// Share is a share between 0 and 1 that somebody set, such as a credit's, as
// a percentage with the decimals it has and two at most: "5 %", "2,5 %".
func (l *Locale) Share(share float64) string {
	for decimals := range 2 {
		scale := math.Pow10(decimals + 2)
		if math.Abs(share*scale-math.Round(share*scale)) < 1e-6 {
			return l.Percent(share, decimals)
		}
	}
	return l.Percent(share, 2)
}
