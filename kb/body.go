package kb

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/golang/snappy"
)

// body is what an article says, compressed: with 20,000 articles the texts are
// nearly all that a library weighs, a page is made of them once and an excerpt
// needs one article's. Snappy was taken because unpacking costs a few
// microseconds and the index brings it along anyway.
type body struct {
	page  []byte // length of the HTML, the HTML, the Markdown
	texts []byte // for each passage, text and code after their lengths
}

// packed is memory to lay a body out in before it is compressed.
type packed struct{ plain, block []byte }

var packing = sync.Pool{New: func() any { return new(packed) }}

// pack compresses an article's HTML, Markdown and the texts of its passages.
func pack(html, markdown []byte, texts []Text) body {
	p := packing.Get().(*packed)
	defer packing.Put(p)
	var b body
	p.plain = binary.AppendUvarint(p.plain[:0], uint64(len(html)))
	p.plain = append(append(p.plain, html...), markdown...)
	b.page = p.compress()
	p.plain = p.plain[:0]
	for _, t := range texts {
		p.plain = append(binary.AppendUvarint(p.plain, uint64(len(t.Text))), t.Text...)
		p.plain = append(binary.AppendUvarint(p.plain, uint64(len(t.Code))), t.Code...)
	}
	b.texts = p.compress()
	return b
}

func (p *packed) compress() []byte {
	p.block = snappy.Encode(p.block[:cap(p.block)], p.plain)
	return append(make([]byte, 0, len(p.block)), p.block...)
}

// unpack is what compress was given. Only compress makes what it reads, in this
// process: an error is a broken program.
func unpack(block []byte) []byte {
	plain, err := snappy.Decode(nil, block)
	if err != nil {
		panic("unpack an article: " + err.Error())
	}
	return plain
}

// chunk takes a length and as many bytes from the front of b.
func chunk(b []byte) (front, rest []byte) {
	n, k := binary.Uvarint(b)
	end := k + int(n)
	return b[k:end:end], b[end:]
}

// HTML is the rendered, sanitised body. Each call makes a copy.
func (a *Article) HTML() []byte {
	if a.body.page == nil {
		return nil
	}
	html, _ := chunk(unpack(a.body.page))
	return html
}

// Markdown is the body's source without front matter, for the .md URL. Each
// call makes a copy.
func (a *Article) Markdown() []byte {
	if a.body.page == nil {
		return nil
	}
	_, markdown := chunk(unpack(a.body.page))
	return markdown
}

// Text is what a passage says.
type Text struct {
	Text string // plain text, blocks separated by "\n", without code blocks
	Code string // the code blocks' text, separated by "\n"
}

// Texts are what the passages say, in the order of Passages. Each call makes a
// copy.
func (a *Article) Texts() []Text {
	out := make([]Text, len(a.Passages))
	if a.body.texts == nil {
		return out
	}
	plain := unpack(a.body.texts)
	all, at := string(plain), 0 // one string for all of them
	next := func() string {
		n, k := binary.Uvarint(plain[at:])
		from := at + k
		at = from + int(n)
		return all[from:at]
	}
	for i := range out {
		out[i] = Text{Text: next(), Code: next()}
	}
	return out
}

// Text is what passage i says, without a copy of the others.
func (a *Article) Text(i int) Text {
	if a.body.texts == nil {
		return Text{}
	}
	p := packing.Get().(*packed)
	defer packing.Put(p)
	n, err := snappy.DecodedLen(a.body.texts)
	if err == nil {
		p.plain = slices.Grow(p.plain[:0], n)
		p.plain, err = snappy.Decode(p.plain[:n], a.body.texts)
	}
	if err != nil {
		panic("unpack an article: " + err.Error()) // as in unpack
	}
	rest := p.plain
	for range 2 * i {
		_, rest = chunk(rest)
	}
	text, rest := chunk(rest)
	code, _ := chunk(rest)
	return Text{Text: string(text), Code: string(code)}
}
