package notify_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vmcloud/ricochet/deflect/notify"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// An operator's file replaces one mail in one language; the preview shows it.
func TestOperatorsTexts(t *testing.T) {
	texts, err := notify.LoadTemplates(fstest.MapFS{
		"fr/waiting_reminder.txt": file("\uFEFFSubject: Une réponse, {{.Name}} ?\r\n\r\nNous attendons : {{.Link}}\r\n"),
	}, []string{"fr", "en"})
	if err != nil {
		t.Fatal(err)
	}
	n := &notify.Notifier{Texts: words{}, Templates: texts, BaseURL: "https://help.example", Log: slog.New(slog.DiscardHandler)}
	for _, p := range n.Previews("fr") {
		own := p.Kind == notify.WaitingReminder
		if p.Overridden != own || own && (p.Subject != "Une réponse, Zoé Martin ?" || !strings.HasPrefix(p.Body, "Nous attendons : https://help.example/fr/request/")) {
			t.Errorf("%+v", p)
		}
		if strings.Contains(p.Body, "<no value>") {
			t.Errorf("%s has a variable without a value: %s", p.Kind, p.Body)
		}
	}
	for _, p := range n.Previews("en") {
		if p.Overridden {
			t.Errorf("%s is the operator's in English too", p.Kind)
		}
	}
}

// Every mistake is named with its file and line, all at once.
func TestWrongTextsAreRefused(t *testing.T) {
	_, err := notify.LoadTemplates(fstest.MapFS{
		"fr/waiting_reminder.txt": file("Bonjour"),
		"fr/closing.txt":          file("Subject: x\n\nBonjour\n{{.Nmae}}\n"),
		"fr/survey.txt":           file("Subject: x\n\n{{if}}\n"),
		"fr/answers.txt":          file("Subject: x\n\ny\n"),
		"de/answer.txt":           file("Subject: x\n\ny\n"),
		"fr/answer.txt":           file("Subject: {{.Number}}\n\n{{.Message}}\n"),
		"fr/resolved.txt":         file("Subject: x\n\n" + strings.Repeat("x", 65<<10)),
	}, []string{"fr", "en"})
	if err == nil {
		t.Fatal("accepted")
	}
	if !strings.Contains(err.Error(), "fr/resolved.txt has more than") {
		t.Errorf("a file without end: %v", err)
	}
	_, err = notify.LoadTemplates(fstest.MapFS{
		"fr/waiting_reminder.txt": file("Bonjour"),
		"fr/closing.txt":          file("Subject: x\n\nBonjour\n{{.Nmae}}\n"),
		"fr/survey.txt":           file("Subject: x\n\n{{if}}\n"),
		"fr/answers.txt":          file("Subject: x\n\ny\n"),
		"de/answer.txt":           file("Subject: x\n\ny\n"),
		"fr/answer.txt":           file("Subject: {{.Number}}\n\n{{.Message}}\n"),
	}, []string{"fr", "en"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"fr/waiting_reminder.txt:1:", "fr/closing.txt:4:", "Nmae", "fr/survey.txt:3:", "fr/answers.txt: want", "de/answer.txt: want"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "fr/answer.txt") {
		t.Errorf("a good file is blamed:\n%v", err)
	}
}
