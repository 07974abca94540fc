package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/gin-gonic/gin"
)

// fastWriters compress pages that are made for one request: quickly rather
// than well.
var fastWriters = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant of the package
	}
	return w
}}

// worthGzip is the size below which one network packet holds the page anyway.
const worthGzip = 1400

// writeHTML sends a whole page that was made for this request. A handler may
// have set Cache-Control or Referrer-Policy before; they are kept.
func (s *Server) writeHTML(c *gin.Context, status int, body []byte) {
	h := c.Writer.Header()
	referrer := h["Referrer-Policy"]
	s.secure(h, nil)
	if referrer != nil {
		h["Referrer-Policy"] = referrer
	}
	h["Content-Type"] = typeHTML
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = cacheNever
	}
	h.Add("Vary", "Accept-Encoding")
	s.writeBody(c, status, body)
}

// writeBody sends bytes, gzipped when that helps and the client takes it.
func (s *Server) writeBody(c *gin.Context, status int, body []byte) {
	h := c.Writer.Header()
	if len(body) < worthGzip || !acceptsGzip(c.Request.Header) {
		h.Set("Content-Length", strconv.Itoa(len(body)))
		c.Writer.WriteHeader(status)
		_, _ = c.Writer.Write(body) // a failing write is a client that left
		return
	}
	buf := renderBuffers.Get().(*bytes.Buffer)
	defer renderBuffers.Put(buf)
	buf.Reset()
	zw := fastWriters.Get().(*gzip.Writer)
	defer fastWriters.Put(zw)
	zw.Reset(buf)
	_, _ = zw.Write(body) // a bytes.Buffer does not fail
	_ = zw.Close()
	h["Content-Encoding"] = encodingGzip
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	c.Writer.WriteHeader(status)
	_, _ = c.Writer.Write(buf.Bytes())
}

// writeJSON sends a value for a program.
func (s *Server) writeJSON(c *gin.Context, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		// Only a type that JSON cannot hold gets here, a defect of ours.
		panic(err)
	}
	h := c.Writer.Header()
	s.secure(h, nil)
	h.Set("Content-Type", contentType)
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = cacheNever
	}
	h.Add("Vary", "Accept-Encoding")
	s.writeBody(c, status, append(body, '\n'))
}

// typeJSON is the media type of plain JSON answers.
const typeJSON = "application/json"

// writeOK sends a value with status 200.
func (s *Server) writeOK(c *gin.Context, v any) { s.writeJSON(c, http.StatusOK, typeJSON, v) }
