package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
// in (?subject=, ?category=).
func (s *Server) contactForm(c *gin.Context) error {
	s.ensureVisitor(c)
	v := contactValues{
		Token: s.newFormToken(), Subject: clip(c.Query("subject"), intake.MaxSubject), Category: knownCategory(c.Query("category")),
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
		MaxFiles: intake.MaxAttachments, MaxMiB: intake.MaxAttachment >> 20, Types: intake.AllowedTypes, Errors: map[string]string{},
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
	values, files, err := s.readContact(c)
	if err != nil {
		return err
	}
	form := c.Request.PostForm
	token := s.readFormToken(values.Token)
	if values.Token == "" || token.hash == "" {
		values.Token = s.newFormToken()
		token = formToken{hash: s.readFormToken(values.Token).hash}
	}
	wrong := s.saveFiles(&values, files)
	sub := s.submission(c, values, token, form.Get("website"))
	if wrong == nil {
		wrong = asError(sub.Clean())
	}
	if wrong != nil {
		return s.refuseContact(c, values, wrong)
	}
	if form.Get("send") != "anyway" && sub.Suspicion == "" {
		found, err := s.suggest(c.Request.Context(), loc.Lang, values.Subject, values.Message)
		if err != nil {
			s.log.Error("suggest", "request_id", s.requestID(c), "err", err) // the ticket matters more
		}
		visit := s.visitOf(c, values.Token, loc.Lang, values.Category, values.Script)
		if err := s.recordSuggested(c, visit, values.Subject, values.Message, found); err != nil {
			s.log.Error("record attempt", "request_id", s.requestID(c), "err", err)
		}
		if len(found) > 0 {
			return s.showAnswers(c, values, found)
		}
	}
	receipt, err := s.opt.Support.Intake.Submit(c.Request.Context(), sub)
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
	if wrong.Kind == errs.Invalid {
		status = http.StatusUnprocessableEntity
	} else {
		s.log.Error("contact form", "request_id", s.requestID(c), "err", wrong)
	}
	return s.showContact(c, status, values, wrong)
}

// readContact parses the form, multipart or not.
func (s *Server) readContact(c *gin.Context) (contactValues, []*multipart.FileHeader, error) {
	var v contactValues
	r := c.Request
	mediaType := strings.ToLower(r.Header.Get("Content-Type"))
	var err error
	if strings.HasPrefix(mediaType, "multipart/form-data") {
		err = r.ParseMultipartForm(1 << 20)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return v, nil, err
		}
		return v, nil, errs.Newf(errs.Invalid, "", "contact form: %w", err)
	}
	f := r.PostForm
	v = contactValues{
		Token: f.Get("form_token"), Name: f.Get("name"), Email: f.Get("email"), Category: f.Get("category"),
		Urgency: f.Get("urgency"), Impact: f.Get("impact"), Subject: f.Get("subject"), Message: f.Get("message"),
		Script: f.Get("script") == "1",
	}
	for _, kept := range f["kept"] {
		if k, ok := s.readKept(kept); ok && len(v.Files) < intake.MaxAttachments && !slices.Contains(f["drop"], k.ID) {
			v.Files = append(v.Files, k)
		}
	}
	if r.MultipartForm == nil {
		return v, nil, nil
	}
	defer func() {
		if err := r.MultipartForm.RemoveAll(); err != nil {
			s.log.Warn("remove temporary files", "err", err)
		}
	}()
	return v, r.MultipartForm.File["attachments"], nil
}

// saveFiles stores the uploaded files. Good ones are kept even when another
// is refused, so that nobody has to choose them again.
func (s *Server) saveFiles(v *contactValues, files []*multipart.FileHeader) *errs.Error {
	var wrong *errs.Error
	for _, fh := range files {
		if fh.Filename == "" && fh.Size == 0 {
			continue // an empty file input
		}
		if len(v.Files) >= intake.MaxAttachments {
			return errs.InvalidFields(errs.Field{Name: "attachments", Key: "error.field.too_many_files", Args: map[string]any{"Limit": intake.MaxAttachments}})
		}
		a, err := s.saveFile(fh)
		if err != nil {
			wrong = asError(err)
			continue
		}
		v.Files = append(v.Files, keptFile{a, s.keepToken(a)})
	}
	return wrong
}

func (s *Server) saveFile(fh *multipart.FileHeader) (intake.Attachment, error) {
	f, err := fh.Open()
	if err != nil {
		return intake.Attachment{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return s.opt.Support.Files.Save(fh.Filename, f)
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
		Channel: ticket.ByForm, FormToken: token.hash, Visitor: s.Visitor(c.Request), Script: v.Script, Lang: s.locale(c).Lang,
		Name: v.Name, Email: v.Email, Category: v.Category, Urgency: ticket.Level(v.Urgency), Impact: ticket.Level(v.Impact),
		Subject: v.Subject, Body: v.Message, Uncounted: IsRobot(c.Request) || s.isStaff(c),
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
