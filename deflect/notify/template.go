package notify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/vmcloud/ricochet/internal/errs"
)

// CustomerMails lists the mails customers receive, in the order in which a
// ticket meets them. Their texts are the operator's to change.
var CustomerMails = []MailKind{
	Acknowledgement, Answer, WaitingReminder, ResolvedNotice, ResolutionQuestion, ResolutionReminder, ClosingNotice, SurveyMail,
}

// textKey is the table of a mail's texts in the locale files.
func textKey(k MailKind) string {
	switch k {
	case Acknowledgement:
		return "mail.ack"
	case Answer:
		return "mail.reply"
	}
	return "mail." + string(k)
}

// Templates are the operator's own texts of mails: LANG/KIND.txt, whose first
// line is "Subject: ..." and whose text follows an empty line. What no file
// says is the built-in text.
type Templates struct {
	byName map[string]mailTemplate // by LANG/KIND
}

type mailTemplate struct{ subject, body *template.Template }

// maxTemplate bounds a file, in bytes.
const maxTemplate = 64 << 10

// LoadTemplates reads a folder of templates. A file that is no mail of
// CustomerMails, or uses a variable that its mail does not have, is refused;
// every mistake is named with its file and line.
func LoadTemplates(fsys fs.FS, langs []string) (*Templates, error) {
	t := &Templates{byName: map[string]mailTemplate{}}
	var wrong []error
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		lang, kind := path.Dir(name), MailKind(strings.TrimSuffix(path.Base(name), ".txt"))
		if !slices.Contains(langs, lang) || !slices.Contains(CustomerMails, kind) || path.Ext(name) != ".txt" {
			wrong = append(wrong, fmt.Errorf("%s: want LANG/KIND.txt with one of %v and %v", name, langs, CustomerMails))
			return nil
		}
		data, err := read(fsys, name)
		if err != nil {
			return err
		}
		m, err := parseTemplate(name, data)
		if err != nil {
			wrong = append(wrong, err)
			return nil
		}
		t.byName[lang+"/"+string(kind)] = m
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mail templates: %w", err)
	}
	if len(wrong) > 0 {
		return nil, errs.New(errs.Invalid, "", fmt.Errorf("the mail templates are refused:\n%w", errors.Join(wrong...)))
	}
	return t, nil
}

func read(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it is only read
	data, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
	if err == nil && len(data) > maxTemplate {
		err = fmt.Errorf("%s has more than %d bytes", name, maxTemplate)
	}
	return strings.ReplaceAll(strings.TrimPrefix(string(data), "\uFEFF"), "\r\n", "\n"), err
}

// parseTemplate reads one file and tries it on the sample.
func parseTemplate(name, text string) (mailTemplate, error) {
	var m mailTemplate
	head, body, _ := strings.Cut(text, "\n")
	subject, ok := strings.CutPrefix(head, "Subject:")
	rest, blank := strings.CutPrefix(body, "\n")
	if !ok || !blank || strings.TrimSpace(subject) == "" || strings.TrimSpace(rest) == "" {
		return m, fmt.Errorf("%s:1: want the line Subject: ..., an empty line and the text", name)
	}
	var err error
	// The empty lines keep the numbers in mistakes those of the file.
	if m.subject, err = template.New(name).Option("missingkey=error").Parse(strings.TrimSpace(subject)); err != nil {
		return m, err
	}
	if m.body, err = template.New(name).Option("missingkey=error").Parse("{{/* */}}\n\n" + rest); err != nil {
		return m, err
	}
	_, _, err = m.execute(Sample())
	return m, err
}

func (m mailTemplate) execute(data map[string]any) (subject, body string, err error) {
	var s, b bytes.Buffer
	err = errors.Join(m.subject.Execute(&s, data), m.body.Execute(&b, data))
	return s.String(), strings.TrimLeft(b.String(), "\n"), err
}

// Sample is what the variables of customers' mails might be, for previews and
// for the check of an operator's text. Each mail has all of these.
func Sample() map[string]any {
	return map[string]any{
		"Name": "Zoé Martin", "Number": "VM-7K3F-92", "Subject": "VM inaccessible", "Link": "https://help.example/request/…",
		"Due": "…", "Message": "…", "Closes": "…", "Why": "…", "Answers": "…",
	}
}

// Overridden says whether the operator has a text of their own for a mail.
func (t *Templates) Overridden(lang string, k MailKind) bool {
	if t == nil {
		return false
	}
	_, ok := t.byName[lang+"/"+string(k)]
	return ok
}

// write is the subject and text of a mail: the operator's, else the built-in
// one. A text of theirs that fails on this mail's data, which the check at the
// start makes unlikely, must not cost the customer the mail.
func (n *Notifier) write(lang string, k MailKind, data map[string]any) (subject, body string) {
	all := Sample()
	for name := range all {
		all[name] = ""
	}
	for name, v := range data {
		all[name] = v
	}
	if n.Templates.Overridden(lang, k) {
		subject, body, err := n.Templates.byName[lang+"/"+string(k)].execute(all)
		if err == nil {
			return subject, body
		}
		n.Log.Error("mail template", "lang", lang, "kind", k, "err", err)
	}
	return n.Texts.Text(lang, textKey(k)+".subject", all), n.Texts.Text(lang, textKey(k)+".body", all)
}

// Preview is a customer's mail in words, on the sample.
type Preview struct {
	Kind       MailKind
	Overridden bool // the operator's own text
	Subject    string
	Body       string
}

// Previews are all customers' mails in a language, as the texts are now.
func (n *Notifier) Previews(lang string) []Preview {
	data := Sample()
	for _, name := range []string{"Subject", "Due", "Message", "Closes", "Why", "Answers"} {
		data[name] = n.Texts.Text(lang, "mail.sample."+strings.ToLower(name), nil)
	}
	data["Link"] = n.BaseURL + "/" + lang + "/request/…"
	var all []Preview
	for _, k := range CustomerMails {
		subject, body := n.write(lang, k, data)
		all = append(all, Preview{k, n.Templates.Overridden(lang, k), subject, body})
	}
	return all
}
