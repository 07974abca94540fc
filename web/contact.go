package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// maxContactBody is five files of ten MiB and the text around them.
const maxContactBody = intake.MaxAttachments*intake.MaxAttachment + 1<<20

// minFillTime is how fast a person cannot fill the form.
const minFillTime = 2 * time.Second

var (
	contactPage = definePage[contactView]("contact")
	answersPage = definePage[answersView]("contact_answers")
	sentPage    = definePage[sentView]("contact_sent")
	solvedPage  = definePage[solvedView]("contact_solved")
)

// contactValues is the form as it was typed. The names of the fields are
// documented in the README.
type contactValues struct {
	Token    string // form_token
	Name     string // name
	Email    string // email
	Category string // category
	Urgency  string // urgency
	Impact   string // impact
	Subject  string // subject
	Message  string // message
	Script   bool   // script=1
	Share    bool   // share=1: the person shares the articles read before writing
	Files    []keptFile
}

// keptFile is an attachment that was uploaded with an earlier step of the
// form; Token carries its record, signed.
type keptFile struct {
	intake.Attachment
	Token string
}

type contactView struct {
	Chrome
	contactValues
	Categories []string
	Levels     []string
	MaxFiles   int
	MaxMiB     int
	Types      string
	CanShare   bool              // there can be articles that this browser read
	Errors     map[string]string // field name -> what is wrong, in words
	Summary    string            // above the form, "" when nothing is wrong
}

type answersView struct {
	Chrome
	contactValues
	Suggestions []suggestion
}

type sentView struct {
	Chrome
	Number      string // "" while a person looks at it
	Quarantined bool
}

type solvedView struct {
	Chrome
	Article *articleLink
}

// articleLink is an article's title and address.
type articleLink struct{ Title, Path string }

func knownCategory(c string) string {
	if slices.Contains(intake.Categories, c) {
		return c
	}
	return ""
}

// contactForm shows an empty form, or one that a page or the console filled
// in (?subject=, ?category=); ?route= is the console screen it was opened from.
func (s *Server) contactForm(c *gin.Context) error {
	s.ensureVisitor(c)
	v := contactValues{
		Token: s.newFormToken(consoleRoute(c.Query("route"))), Subject: clip(c.Query("subject"), intake.MaxSubject), Category: knownCategory(c.Query("category")),
	}
	return s.showContact(c, http.StatusOK, v, nil)
}

func clip(s string, runes int) string {
	r := []rune(s)
	return string(r[:min(len(r), runes)])
}

func (s *Server) showContact(c *gin.Context, status int, values contactValues, wrong *errs.Error) error {
	loc := s.locale(c)
	v := contactView{
		Chrome: s.chrome(loc, "contact", loc.T("contact.title")), contactValues: values,
		Categories: intake.Categories, Levels: []string{string(ticket.High), string(ticket.Medium), string(ticket.Low)},
		MaxFiles: intake.MaxAttachments, MaxMiB: intake.MaxAttachment >> 20, Types: intake.AllowedTypes, CanShare: !refusesMeasurement(c.Request), Errors: map[string]string{},
	}
	v.Kind, v.Description, v.HideSearch = "contact", loc.T("contact.description"), true
	v.Scripts = []string{"contact.js"}
	v.crumbs(loc, Crumb{v.Title, ""})
	if wrong != nil {
		v.Summary = failureText(loc, failures[wrong.Kind], wrong)
		for _, f := range wrong.Fields {
			if v.Errors[f.Name] == "" {
				v.Errors[f.Name] = loc.Text(f.Key, f.Args)
			}
		}
	}
	return render(s, c, status, contactPage, v)
}

// contactSubmit takes the form. Without JavaScript, articles that may answer
// come first, on a page of their own; send=anyway goes straight through.
func (s *Server) contactSubmit(c *gin.Context) error {
	loc := s.locale(c)
	form, wrong, err := s.readContact(c)
	if err != nil {
		return err
	}
	values := form.values
	token := s.readFormToken(values.Token)
	if values.Token == "" || token.hash == "" {
		values.Token = s.refilledToken("")
		token = formToken{hash: s.readFormToken(values.Token).hash}
	}
	sub := s.submission(c, values, token, form.text.Get("website"))
	if wrong == nil {
		wrong = asError(sub.Clean())
	}
	visit := s.visitOf(c, values.Token, loc.Lang, values.Category, values.Script)
	if wrong != nil {
		if sub.Suspicion == "" { // the first POST is an attempt, whatever was forgotten in it (D-29)
			s.offered(c, visit, values.Subject, values.Message, nil)
		}
		return s.refuseContact(c, values, wrong)
	}
	if form.text.Get("send") != "anyway" && sub.Suspicion == "" {
		found, err := s.suggest(c.Request.Context(), loc.Lang, values.Subject, values.Message)
		if err != nil {
			s.mishap(c, "suggest", err) // the ticket matters more
		}
		if found = s.offered(c, visit, values.Subject, values.Message, found); len(found) > 0 {
			return s.showAnswers(c, values, found)
		}
	}
	receipt, err := s.opt.Support.Intake.Submit(c.Request.Context(), sub)
	if errs.Is(err, errs.Conflict) { // gone back to after it was sent, and changed: what it says now is another request
		values.Token = s.refilledToken(token.route)
	}
	if err != nil {
		return s.refuseContact(c, values, asError(err))
	}
	s.redirectSent(c, loc, receipt)
	return nil
}

// asError gives any failure the shape the form shows; nil stays nil.
func asError(err error) *errs.Error {
	if err == nil {
		return nil
	}
	var e *errs.Error
	if errors.As(err, &e) {
		return e
	}
	return errs.New(errs.Internal, "", err)
}

// refuseContact shows the form again with everything that was typed.
func (s *Server) refuseContact(c *gin.Context, values contactValues, wrong *errs.Error) error {
	status := failures[wrong.Kind].status
	switch wrong.Kind {
	case errs.Invalid:
		status = http.StatusUnprocessableEntity
	case errs.Conflict: // the form says all there is to say
	default:
		s.mishap(c, "contact form", wrong)
	}
	return s.showContact(c, status, values, wrong)
}

// keepToken carries an uploaded file's record through the next steps of the
// form; the signature keeps anybody from naming a file that is not theirs.
func (s *Server) keepToken(a intake.Attachment) string {
	data, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers marshal
	}
	text := base64.RawURLEncoding.EncodeToString(data)
	return text + "." + s.sign("file", text)
}

func (s *Server) readKept(token string) (keptFile, bool) {
	text, mac, ok := cutLast(token, ".")
	if !ok || !s.signed("file", text, mac) {
		return keptFile{}, false
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return keptFile{}, false
	}
	k := keptFile{Token: token}
	return k, json.Unmarshal(data, &k.Attachment) == nil
}

// submission is what the intake gets from the form.
func (s *Server) submission(c *gin.Context, v contactValues, token formToken, honeypot string) intake.Submission {
	sub := intake.Submission{
		Channel: ticket.ByForm, FormToken: token.hash, Visitor: s.Visitor(c.Request), Script: v.Script, Share: v.Share, Lang: s.locale(c).Lang,
		Name: v.Name, Email: v.Email, Category: v.Category, Urgency: ticket.Level(v.Urgency), Impact: ticket.Level(v.Impact),
		Subject: v.Subject, Body: v.Message, Route: token.route, Uncounted: IsRobot(c.Request) || s.isStaff(c),
	}
	for _, f := range v.Files {
		sub.Attachments = append(sub.Attachments, f.Attachment)
	}
	switch {
	case honeypot != "":
		sub.Suspicion = "honeypot"
	case !token.issued.IsZero() && s.opt.Clock.Now().Sub(token.issued) < minFillTime:
		sub.Suspicion = "too_fast"
	}
	return sub
}

func (s *Server) showAnswers(c *gin.Context, values contactValues, found []suggestion) error {
	loc := s.locale(c)
	v := answersView{Chrome: s.chrome(loc, "contact", loc.T("answers.title")).private(), contactValues: values, Suggestions: found}
	v.Kind, v.HideSearch = "contact", true
	v.crumbs(loc, Crumb{loc.T("contact.title"), "/" + loc.Lang + "/contact"}, Crumb{v.Title, ""})
	return render(s, c, http.StatusOK, answersPage, v)
}

// redirectSent leads to the page with the number, so that a reload does not
// send again. The number is signed: the page shows only what was just sent.
func (s *Server) redirectSent(c *gin.Context, loc *Locale, r intake.Receipt) {
	text := r.Number
	if r.Quarantined {
		text = "held"
	}
	path := "/" + loc.Lang + "/contact/sent/" + url.PathEscape(text+"."+s.sign("receipt", text))
	s.secure(c.Writer.Header(), nil)
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, path)
}

func (s *Server) contactSent(c *gin.Context) error {
	loc := s.locale(c)
	text, mac, ok := cutLast(c.Param("receipt"), ".")
	if !ok || !s.signed("receipt", text, mac) {
		return errs.Newf(errs.NotFound, "", "receipt %q", c.Param("receipt"))
	}
	v := sentView{Chrome: s.chrome(loc, "contact", loc.T("sent.title")).private(), Number: text}
	if text == "held" {
		v.Number, v.Quarantined, v.Title = "", true, loc.T("sent.held_title")
	}
	v.Kind, v.HideSearch = "contact", true
	v.crumbs(loc, Crumb{loc.T("contact.title"), "/" + loc.Lang + "/contact"}, Crumb{v.Title, ""})
	return render(s, c, http.StatusOK, sentPage, v)
}

// contactConfirm takes "this answers my question" from a page without
// JavaScript.
func (s *Server) contactConfirm(c *gin.Context) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, loc := c.Request.PostForm, s.locale(c)
	article := s.articleIn(loc.Lang, f.Get("article"))
	if article == nil {
		return errs.InvalidFields(errs.Field{Name: "article", Key: "error.field.article"})
	}
	v := s.visitOf(c, f.Get("form_token"), loc.Lang, f.Get("category"), f.Get("script") == "1")
	if v.FormToken != "" {
		err := s.opt.Support.Ledger.Confirm(c.Request.Context(), v, article.Pair)
		if err != nil && !errs.Is(err, errs.Conflict) {
			return err
		}
	}
	s.redirect(c, http.StatusSeeOther, "/"+loc.Lang+"/contact/solved?article="+url.QueryEscape(article.Pair))
	return nil
}

func (s *Server) contactSolved(c *gin.Context) error {
	loc := s.locale(c)
	v := solvedView{Chrome: s.chrome(loc, "contact", loc.T("solved.title")).private()}
	v.Kind = "contact"
	if a := s.current().library.ByPair(loc.Lang, c.Query("article")); a != nil {
		v.Article = &articleLink{a.Title, a.URL()}
	}
	v.crumbs(loc, Crumb{loc.T("contact.title"), "/" + loc.Lang + "/contact"}, Crumb{v.Title, ""})
	return render(s, c, http.StatusOK, solvedPage, v)
}
