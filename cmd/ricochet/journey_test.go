package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/vmcloud/ricochet/deflect/policy"
)

// words are what a journey reads and writes in one language. They are written
// out rather than taken from the locale files: a test that read those would
// pass with any text.
type words struct {
	lang                     string
	query, logged, result    string // a search, the way the log keeps it, and the path of an article it must find
	thanks                   string // after a vote
	voteThanks               string // heading of the thanks page
	question, questionBody   string // of the contact form
	solved                   string // heading
	sent                     string
	due, zone                string // in the acknowledgement
	teamReply, customerReply string
	waiting, inProgress      string // states
	beforeSending            string // heading of the page in between
	requestSent              string
}

var journeys = []words{
	{
		lang: "fr", query: "pare-feu", logged: "pare-feu", result: "/fr/troubleshooting/network-issues", thanks: "Merci, votre réponse est enregistrée.",
		voteThanks: "Merci pour votre réponse",
		question:   "Impossible de me connecter en SSH", questionBody: "Depuis ce matin, la connexion SSH à ma VM est refusée : « Connection refused ». Que faire ?",
		solved: "Ravis d’avoir pu vous aider", sent: "Votre demande est enregistrée", due: "Première réponse", zone: "heure de Paris",
		teamReply: "Bonjour, votre pare-feu bloque le port 22. Ouvrez-le, puis réessayez.", customerReply: "Merci, c’est ouvert et cela fonctionne.",
		waiting: "En attente du client", inProgress: "Ouverte",
		beforeSending: "Avant d’envoyer", requestSent: "Votre message est ajouté à la demande",
	},
	{
		lang: "en", query: "firewall", logged: "firewall", result: "/en/troubleshooting/network-issues", thanks: "Thank you",
		voteThanks: "Thank you",
		question:   "I cannot connect with SSH", questionBody: "Since this morning the SSH connection to my VM is refused: “Connection refused”. What can I do?",
		solved: "Glad we could help", sent: "Your request is registered", due: "First response", zone: "Paris time",
		teamReply: "Hello, your firewall blocks port 22. Open it, then try again.", customerReply: "Thank you, it is open and it works.",
		waiting: "Waiting for", inProgress: "Open",
		beforeSending: "Before you send", requestSent: "Your message was added",
	},
}

// each runs a journey in both languages on a fresh site.
func each(t *testing.T, f func(t *testing.T, s *site, w words)) {
	for _, w := range journeys {
		t.Run(w.lang, func(t *testing.T) {
			need(t, "RICOCHET_TEST_CHROMIUM", "name a Chromium")
			f(t, serve(t, t.TempDir(), "--policy", alwaysStaffed(t)), w)
		})
	}
}

func TestJourneySearchAndVote(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		b := s.tab(w.lang)
		b.open("/")
		b.arrive("/" + w.lang + "/")
		b.shortcut("/", "Slash") // focuses the search field
		b.soon("focus in the search field", `document.activeElement?.id === "q-main"`)
		b.write("#q-main", w.query)
		b.see("[role=listbox] [role=option]")
		if got := eval[string](b, `document.querySelector("#q-main").getAttribute("aria-expanded")`); got != "true" {
			t.Errorf("aria-expanded = %q while the list is open", got)
		}
		b.press(kb.ArrowDown)
		b.soon("an option chosen by the keyboard", `document.querySelector("#q-main").getAttribute("aria-activedescendant")`)
		b.press(kb.ArrowUp)
		b.press(kb.Enter)
		b.arrive("/" + w.lang + "/search?q=")
		b.see(".results mark")
		b.click(`.results h2 a[href^="` + w.result + `"]`)
		b.arrive(w.result)
		b.click(`[data-vote] button[value=no]`)
		b.see(`[data-vote-reason] input[value=incomplete]`)
		b.soon("focus on the first reason", `document.activeElement?.name === "reason"`)
		b.click(`[data-vote-reason] input[value=incomplete]`)
		b.write("#vote-comment", w.questionBody)
		b.click(`[data-vote-reason] button`)
		b.says(".vote-status", w.thanks)
		b.report()

		desk := s.staff(w.lang)
		if votes := desk.get("/staff/deflection"); !strings.Contains(votes.body, `href="`+w.result+`"`) {
			t.Errorf("/staff/deflection does not name the article that was voted on\n%s", votes.body)
		}
		// Searches are written in batches, beside the requests.
		until(t, "the search is listed on /staff/deflection", func() bool {
			return strings.Contains(desk.get("/staff/deflection").body, "/"+w.lang+"/search?q="+w.logged)
		})
	})
}

// fillIn writes the question like a person, and sees suggestions appear.
func fillIn(b *tab, w words) {
	b.t.Helper()
	b.open("/" + w.lang + "/contact")
	b.write("#f-subject", w.question)
	b.write("#f-message", w.questionBody)
	b.see("[data-suggestions] summary")
}

func TestJourneySolved(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		desk := s.staff(w.lang)
		b := s.tab(w.lang)
		fillIn(b, w)
		b.soon("at most five suggestions", `(n => n >= 1 && n <= 5)(document.querySelectorAll("[data-suggestions] details").length)`)
		b.click("[data-suggestions] summary")
		b.see("[data-suggestions] details[open] .prose p")
		if got := b.value("#f-message"); got != w.questionBody {
			t.Errorf("opening a suggestion changed the message to %q", got)
		}
		if got := b.path(); got != "/"+w.lang+"/contact" {
			t.Errorf("opening a suggestion led to %s", got)
		}
		if b.askedFor(w.question) {
			t.Error("the draft stands in an address")
		}
		b.see("[data-send]") // sending is one visible click away all the time
		b.click("[data-suggestions] details[open] .button.primary")
		b.says("main h1", w.solved)
		b.soon("focus on the heading", `document.activeElement?.tagName === "H1"`)
		if got := eval[int](b, `document.querySelectorAll("h1").length`); got != 1 {
			t.Errorf("%d headings of the first level", got)
		}
		b.click("main .actions button") // a change of mind finds everything as it was
		b.see("[data-send]")
		if got := b.value("#f-message"); got != w.questionBody {
			t.Errorf("back on the form, the message is %q", got)
		}
		b.report()

		p := desk.get("/staff/deflection")
		if got := totals(t, p.body); got != "1 1 1 1 0 0 0 0 0" {
			t.Errorf("attempts, eligible, shown, confirmed, assumed, abandoned, tickets, pending, revoked = %s", got)
		}
		if len(s.mails()) > 0 {
			t.Error("a mail was sent though nobody wrote")
		}
		for _, line := range []string{w.question, w.questionBody} {
			if strings.Contains(s.log.String(), line) {
				t.Error("the draft stands in the log")
			}
		}
	})
}

var (
	totalRow = regexp.MustCompile(`(?s)<tfoot>(.*?)</tfoot>`)
	numCell  = regexp.MustCompile(`<td class="num"><a [^>]*>(\d+)</a></td>`)
)

// totals reads the last row of the deflection table: its nine counts.
func totals(t *testing.T, body string) string {
	t.Helper()
	row := totalRow.FindString(body)
	var counts []string
	for _, m := range numCell.FindAllStringSubmatch(row, -1) {
		counts = append(counts, m[1])
	}
	if len(counts) != 9 {
		t.Fatalf("counts %v in %q", counts, row)
	}
	return strings.Join(counts, " ")
}

var requestLink = regexp.MustCompile(`http://\S+/request/\S+`)

func TestJourneyTicket(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		b := s.tab(w.lang)
		fillIn(b, w)
		log := filepath.Join(t.TempDir(), "journal de bord.txt")
		if err := os.WriteFile(log, []byte("ssh: connect to host 203.0.113.10 port 22: Connection refused\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		b.click(`label:has([name=urgency][value=medium])`)
		b.click(`label:has([name=impact][value=low])`)
		b.choose("#f-category", "technical")
		b.write("#f-name", "Camille Martin")
		b.write("#f-email", "camille@example.org")
		b.do(chromedp.SetUploadFiles(chromedp.CSS("#f-attachments"), []string{log}))
		b.unhurried()
		b.click("[data-send]")
		b.arrive("/" + w.lang + "/contact/sent/")
		b.says("main h1", w.sent)
		number := ticketNumber.FindString(b.text(".ticket-number"))
		if number == "" {
			t.Fatalf("no tracking number in %q", b.text("main"))
		}
		ack := s.mail("camille@example.org", number)
		for _, text := range []string{w.due, w.zone, w.question} {
			if !strings.Contains(ack, text) {
				t.Errorf("the acknowledgement does not say %q:\n%s", text, ack)
			}
		}
		link := requestLink.FindString(ack)
		if link == "" {
			t.Fatalf("no link to the request in\n%s", ack)
		}
		conversation(t, s, w, number, link)
		b.report()
	})
}

// conversation is what follows a ticket: the first account, the reply, the
// customer's answer.
func conversation(t *testing.T, s *site, w words, number, link string) {
	desk := s.tab(w.lang)
	signUp(desk, s.setup())
	desk.open("/staff/login") // the way in for everybody after the first
	desk.write("#f-email", staffEmail)
	desk.write("#f-password", staffPassword)
	desk.click("main .button.primary")
	desk.arriveAt("/staff")
	desk.says(".queue", number)
	desk.says(".queue", w.question)
	desk.click(`.queue a[href^="/staff/tickets/"]`)
	desk.arrive("/staff/tickets/")
	desk.says(".timeline", "journal de bord.txt")
	desk.write("#f-reply", w.teamReply)
	desk.choose("#f-then", "waiting_customer")
	desk.click(`button.primary[value=send]`)
	desk.says(".ticket-head", w.waiting)
	desk.says(".timeline", w.teamReply)

	reply := s.mail("camille@example.org", w.teamReply)
	if got := requestLink.FindString(reply); got != link {
		t.Errorf("the reply links to %s, the acknowledgement to %s", got, link)
	}
	customer := s.tab(w.lang)
	customer.open(link)
	customer.says(".timeline", w.teamReply)
	customer.says("main", number)
	customer.write("#f-message", w.customerReply)
	customer.click("main form .button.primary")
	customer.soon("the page after sending", `location.search === "?done=sent"`)
	customer.says("main", w.requestSent)
	customer.says(".timeline", w.customerReply)

	desk.do(chromedp.Reload())
	desk.says(".timeline", w.customerReply)
	desk.says(".ticket-head", w.inProgress)
	s.mail(staffEmail, w.customerReply)
	if got := totals(t, deskPage(desk, "/staff/deflection")); got != "1 1 1 0 0 0 1 0 0" {
		t.Errorf("attempts, eligible, shown, confirmed, assumed, abandoned, tickets, pending, revoked = %s", got)
	}
}

// alwaysStaffed is a policy file under which the team is told at any hour, so
// that a test does not depend on the day it runs.
func alwaysStaffed(t testing.TB) string {
	t.Helper()
	text := strings.Replace(string(policy.DefaultYAML), "staffing: business", "staffing: always", 1)
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// signUp makes the first account through the one-time link.
func signUp(b *tab, link string) {
	b.t.Helper()
	b.open(link)
	b.write("#f-name", "Sam Keller")
	b.write("#f-email", staffEmail)
	b.write("#f-password", staffPassword)
	b.click("main .button.primary")
	b.arriveAt("/staff")
}

func deskPage(b *tab, path string) string {
	b.t.Helper()
	b.open(path)
	return eval[string](b, `document.querySelector("main").innerHTML`)
}

func TestJourneyWithoutScripts(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		b := s.tab(w.lang)
		b.scripts(false)
		b.open("/" + w.lang + "/")
		b.write("#q-main", w.query)
		b.click(".finder.big .button")
		b.arrive("/" + w.lang + "/search?q=")
		b.click(`.results h2 a[href^="` + w.result + `"]`)
		b.arrive(w.result)
		b.click(`[data-vote] button[value=no]`)
		b.arrive("/" + w.lang + "/vote")
		b.click(`input[value=inaccurate]`)
		b.write("#vote-comment", w.questionBody)
		b.click(`main form .button.primary`)
		b.soon("the thanks after the reason", `!document.querySelector("#vote-comment")`)
		b.says("main h1", w.voteThanks)

		desk := s.staff(w.lang)
		b.open("/" + w.lang + "/contact")
		b.write("#f-subject", w.question)
		b.write("#f-message", w.questionBody)
		b.write("#f-email", "camille@example.org")
		b.unhurried()
		b.click("[data-send]")
		b.says("main h1", w.beforeSending)
		b.see(".answer")
		b.click(`button[value=anyway]`)
		b.arrive("/" + w.lang + "/contact/sent/")
		number := ticketNumber.FindString(b.text(".ticket-number"))
		ack := s.mail("camille@example.org", number, w.due)
		b.open(requestLink.FindString(ack))
		b.says(".timeline", w.questionBody)
		b.write("#f-message", w.customerReply)
		b.click("main form .button.primary")
		b.says("main", w.requestSent)

		// Another visitor finds the answer on the page in between.
		other := s.tab(w.lang)
		other.scripts(false)
		other.open("/" + w.lang + "/contact")
		other.write("#f-message", w.questionBody)
		other.write("#f-email", "noe@example.org")
		other.unhurried()
		other.click("[data-send]")
		other.see(".answer")
		other.click(".answer form button")
		other.arrive("/" + w.lang + "/contact/solved")
		other.says("main h1", w.solved)
		if got := totals(t, desk.get("/staff/deflection").body); got != "2 2 2 1 0 0 1 0 0" {
			t.Errorf("attempts, eligible, shown, confirmed, assumed, abandoned, tickets, pending, revoked = %s", got)
		}
	})
}
