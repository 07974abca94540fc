package team

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Limits of a macro, in characters and tags.
const (
	maxMacroName = 80
	maxMacroBody = 5000
	maxMacroTags = 5 // as on a ticket (D-23)
)

// Macro is a text that answers a frequent situation, in each language.
type Macro struct {
	ID        string
	Texts     map[string]MacroText // by language
	State     ticket.State         // what the reply moves the ticket to, "" for no change
	Tags      []string             // what the reply adds to the ticket
	Uses      int                  // replies sent that were made from it
	UsedAt    time.Time
	Version   int64
	Archived  bool
	UpdatedBy string // staff id, "" for a shipped one that nobody changed
	UpdatedAt time.Time
}

// MacroText is a macro in one language.
type MacroText struct {
	Name string `json:"name" yaml:"name"`
	Body string `json:"body" yaml:"body"`
}

// In is the macro's text in a language, else in any it has.
func (m Macro) In(lang string) (text MacroText, found string) {
	if t, ok := m.Texts[lang]; ok && t.Body != "" {
		return t, lang
	}
	for _, l := range slices.Sorted(maps.Keys(m.Texts)) {
		if m.Texts[l].Body != "" {
			return m.Texts[l], l
		}
	}
	return MacroText{}, lang
}

// Variables are the names that may stand between {{ and }} in a macro.
var Variables = []string{"customer_name", "company", "ticket_number", "subject", "priority", "tier", "due", "agent_name"}

// piece is a stretch of a macro: text, or the name of a variable.
type piece struct{ text, name string }

// pieces takes a macro apart. The error is a field error that names the line
// and what is wrong there.
func pieces(field, body string) ([]piece, error) {
	var all []piece
	rest, line := body, 1
	for {
		before, after, found := strings.Cut(rest, "{{")
		line += strings.Count(before, "\n")
		if before != "" {
			all = append(all, piece{text: before})
		}
		if !found {
			return all, nil
		}
		name, behind, closed := strings.Cut(after, "}}")
		if !closed || strings.Contains(name, "\n") {
			return nil, errs.InvalidFields(errs.Field{Name: field, Key: "error.macro.unclosed", Args: map[string]any{"Line": line}})
		}
		if name = strings.TrimSpace(name); !slices.Contains(Variables, name) {
			args := map[string]any{"Line": line, "Name": "{{" + name + "}}", "Known": strings.Join(Variables, ", ")}
			return nil, errs.InvalidFields(errs.Field{Name: field, Key: "error.macro.variable", Args: args})
		}
		all = append(all, piece{name: name})
		rest = behind
	}
}

// Render fills the variables of a text in. An empty value leaves no trace, nor
// does the space before it: "Bonjour {{customer_name}}," becomes "Bonjour,". A
// variable that values does not have stays as "[due]", for a person to replace.
// A text that was stored has been checked, so an error is a defect.
func Render(body string, values map[string]string) (string, error) {
	all, err := pieces("body", body)
	if err != nil {
		return "", fmt.Errorf("macro: %w", err)
	}
	var b strings.Builder
	for i, p := range all {
		if p.name == "" {
			if i+1 < len(all) {
				if v, ok := values[all[i+1].name]; ok && v == "" {
					p.text = strings.TrimRight(p.text, " \u00a0\u202f")
				}
			}
			b.WriteString(p.text)
			continue
		}
		if v, ok := values[p.name]; ok {
			b.WriteString(v)
		} else {
			b.WriteString("[" + p.name + "]")
		}
	}
	return b.String(), nil
}

// blanks are what the shipped texts leave for a person to write.
var blanks = []string{"[à compléter]", "[to fill in]"}

// Unfinished is the first place of an answer that was left to be filled in,
// with its line; "" when there is none. Such an answer must not be sent.
func Unfinished(body string) (mark string, line int) {
	at := -1
	look := func(m string) {
		if i := strings.Index(body, m); i >= 0 && (at < 0 || i < at) {
			at, mark = i, m
		}
	}
	for _, m := range blanks {
		look(m)
	}
	for _, v := range Variables {
		look("[" + v + "]")
		look("{{" + v + "}}")
	}
	if at < 0 {
		return "", 0
	}
	return mark, 1 + strings.Count(body[:at], "\n")
}

// oneLine puts a name on one line with single spaces; the non-breaking ones
// that typography puts before signs stay.
func oneLine(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }), " ")
}

// Clean trims a macro and names every wrong field: name_fr, body_en, state,
// tags. It needs a text in one language at least, and both parts of each.
func (m *Macro) Clean(langs []string) error {
	var wrong []errs.Field
	texts := map[string]MacroText{}
	for _, lang := range langs {
		t := MacroText{Name: oneLine(m.Texts[lang].Name), Body: strings.TrimSpace(strings.ReplaceAll(m.Texts[lang].Body, "\r\n", "\n"))}
		if t == (MacroText{}) {
			continue
		}
		texts[lang] = t
		wrong = append(wrong, t.check(lang)...)
	}
	if len(texts) == 0 {
		wrong = append(wrong, errs.Field{Name: "body_" + langs[0], Key: "error.field.message_missing"})
	}
	switch m.State {
	case "", ticket.InProgress, ticket.WaitingCustomer, ticket.Resolved:
	default:
		wrong = append(wrong, errs.Field{Name: "state", Key: "error.field.choice"})
	}
	if m.Tags = cleanList(m.Tags); len(m.Tags) > maxMacroTags {
		wrong = append(wrong, errs.Field{Name: "tags", Key: "error.macro.tags", Args: map[string]any{"Limit": maxMacroTags}})
	}
	m.Texts = texts
	if len(wrong) > 0 {
		return errs.InvalidFields(wrong...)
	}
	return nil
}

func (t MacroText) check(lang string) []errs.Field {
	var wrong []errs.Field
	if t.Name == "" {
		wrong = append(wrong, errs.Field{Name: "name_" + lang, Key: "error.field.name"})
	}
	tooLong := func(field, text string, limit int) {
		if utf8.RuneCountInString(text) > limit {
			wrong = append(wrong, errs.Field{Name: field + "_" + lang, Key: "error.field.too_long", Args: map[string]any{"Limit": limit}})
		}
	}
	tooLong("name", t.Name, maxMacroName)
	tooLong("body", t.Body, maxMacroBody)
	if t.Body == "" {
		wrong = append(wrong, errs.Field{Name: "body_" + lang, Key: "error.field.message_missing"})
	} else if _, err := pieces("body_"+lang, t.Body); err != nil {
		wrong = append(wrong, fields(err)...)
	}
	return wrong
}

// SaveMacro stores a new macro (ID "") or a changed one, and gives its id.
// Kind conflict when somebody changed it after m.Version was read.
func (s *Service) SaveMacro(ctx context.Context, actor string, m Macro, langs []string) (string, error) {
	if err := m.Clean(langs); err != nil {
		return "", err
	}
	err := s.act(ctx, actor, EditMacros, func(tx Tx, _ ticket.Staff) error {
		m.UpdatedBy, m.UpdatedAt = actor, tx.Now()
		var ok bool
		var err error
		if m.ID == "" {
			m.ID, m.Version = newID(), 1
			ok, err = tx.InsertMacro(m)
		} else {
			ok, err = tx.UpdateMacro(m)
		}
		if err != nil {
			return err
		}
		if !ok {
			return errs.Newf(errs.Conflict, "error.macro.stale", "macro %s is no longer at version %d", m.ID, m.Version)
		}
		return tx.Audit(actor, MacroSaved, m.ID, nil)
	})
	return m.ID, err
}

// ArchiveMacro takes a macro out of the list, or puts it back.
func (s *Service) ArchiveMacro(ctx context.Context, actor, id string, archived bool) error {
	return s.act(ctx, actor, EditMacros, func(tx Tx, _ ticket.Staff) error {
		m, err := tx.MacroByID(id)
		if err != nil || m.Archived == archived {
			return err
		}
		m.Archived, m.UpdatedBy, m.UpdatedAt = archived, actor, tx.Now()
		if _, err := tx.UpdateMacro(m); err != nil {
			return err
		}
		return tx.Audit(actor, MacroArchived, id, map[string]string{"archived": fmt.Sprint(archived)})
	})
}
