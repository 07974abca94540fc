package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/internal/errs"
)

// maxFormText bounds the text fields of the contact form together, in bytes.
const maxFormText = 1 << 20

// sentForm is the contact form as it came in.
type sentForm struct {
	text   url.Values // the fields that are no files
	values contactValues
}

// readContact parses the form, multipart or not. Files are stored while they
// come in, so that nothing is spooled to a disk twice. wrong says what is
// wrong with them; the good ones are kept even then, so that nobody has to
// choose them again.
func (s *Server) readContact(c *gin.Context) (form sentForm, wrong *errs.Error, err error) {
	r := c.Request
	var saved []keptFile
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/form-data") {
		form.text = url.Values{}
		saved, wrong, err = s.readParts(r, form.text)
	} else {
		err = r.ParseForm()
		form.text = r.PostForm
	}
	if err != nil {
		return form, nil, unreadable(err)
	}
	f := form.text
	v := contactValues{
		Token: f.Get("form_token"), Name: f.Get("name"), Email: f.Get("email"), Category: f.Get("category"),
		Urgency: f.Get("urgency"), Impact: f.Get("impact"), Subject: f.Get("subject"), Message: f.Get("message"),
		Script: f.Get("script") == "1", Share: f.Get("share") == "1",
	}
	for _, token := range f["kept"] {
		if k, ok := s.readKept(token); ok && len(v.Files) < intake.MaxAttachments && !slices.Contains(f["drop"], k.ID) {
			v.Files = append(v.Files, k)
		}
	}
	if v.Files = append(v.Files, saved...); len(v.Files) > intake.MaxAttachments {
		v.Files, wrong = v.Files[:intake.MaxAttachments], tooManyFiles()
	}
	form.values = v
	return form, wrong, nil
}

// unreadable is a form that could not be parsed; one that is too large keeps
// its own kind.
func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) || errs.Is(err, errs.TooLarge) {
		return err
	}
	return errs.Newf(errs.Invalid, "", "contact form: %w", err)
}

func tooManyFiles() *errs.Error {
	return errs.InvalidFields(errs.Field{Name: "attachments", Key: "error.field.too_many_files", Args: map[string]any{"Limit": intake.MaxAttachments}})
}

// readParts reads a multipart form: its texts into text, its files into the
// store.
func (s *Server) readParts(r *http.Request, text url.Values) (saved []keptFile, wrong *errs.Error, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, err
	}
	left := int64(maxFormText)
	for {
		part, err := parts.NextPart()
		if err == io.EOF { // the last boundary; a body that was cut short wraps it
			return saved, wrong, nil
		}
		if err != nil {
			return saved, nil, err
		}
		if part.FormName() != "attachments" {
			value, err := io.ReadAll(io.LimitReader(part, left+1))
			if err != nil {
				return saved, nil, err
			}
			if left -= int64(len(value)); left < 0 {
				return saved, nil, errs.Newf(errs.TooLarge, "", "the form's text is over %d bytes", maxFormText)
			}
			text.Add(part.FormName(), string(value))
			continue
		}
		file, problem := s.savePart(part, len(saved))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(problem, &tooLarge), errors.Is(problem, io.ErrUnexpectedEOF):
			return saved, nil, problem
		case problem != nil:
			wrong = asError(problem)
		case file != nil:
			saved = append(saved, *file)
		}
	}
}

// savePart stores one file; nil and no error is a file input left empty.
func (s *Server) savePart(part *multipart.Part, before int) (*keptFile, error) {
	if part.FileName() == "" {
		return nil, nil
	}
	if before >= intake.MaxAttachments {
		return nil, tooManyFiles()
	}
	a, err := s.opt.Support.Files.Save(part.FileName(), part)
	if err != nil {
		return nil, err
	}
	return &keptFile{a, s.keepToken(a)}, nil
}
