package markdown

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"golang.org/x/net/html"
)

// What becomes of the author's HTML tags. The value is the tag that is
// written; "" means that the tag goes and its content stays.
var rawTags = map[string]string{
	"a": "a", "abbr": "abbr", "b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "em", "dfn": "em", "u": "u",
	"s": "del", "strike": "del", "del": "del", "ins": "ins", "sub": "sub", "sup": "sup", "kbd": "kbd", "code": "code",
	"tt": "code", "samp": "code", "var": "em", "mark": "mark", "small": "small", "q": "q", "span": "", "font": "", "big": "",
	"br": "br", "wbr": "wbr", "hr": "hr", "img": "img", "iframe": "iframe", "p": "p", "div": "div", "section": "div",
	"article": "div", "aside": "div", "header": "div", "footer": "div", "main": "div", "nav": "div", "center": "div",
	"address": "div", "blockquote": "blockquote", "pre": "pre", "ul": "ul", "ol": "ol", "li": "li", "dl": "dl", "dt": "dt",
	"dd": "dd", "table": "table", "thead": "thead", "tbody": "tbody", "tfoot": "tfoot", "tr": "tr", "th": "th", "td": "td",
	"caption": "caption", "colgroup": "", "col": "", "details": "details", "summary": "summary", "figure": "figure",
	"figcaption": "figcaption", "h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6", "form": "",
	"fieldset": "", "legend": "", "label": "", "input": "", "button": "", "option": "", "picture": "", "source": "", "track": "",
	"time": "", "data": "", "bdi": "", "bdo": "", "ruby": "", "rt": "", "rp": "", "html": "", "body": "", "dialog": "", "menu": "ul",
	"link": "", "meta": "", "base": "", "param": "", "embed": "", "frame": "", "area": "", "map": "", "output": "", "meter": "",
	"progress": "", "dir": "ul", "nobr": "", "acronym": "abbr", "search": "div", "hgroup": "div", "video": "", "audio": "", "slot": "",
	"frameset": "", "marquee": "", "blink": "", "isindex": "", "keygen": "", "portal": "",
}

// droppedTags go with everything in them.
var droppedTags = map[string]bool{"script": true, "style": true, "head": true, "title": true, "noscript": true, "template": true,
	"object": true, "applet": true, "svg": true, "math": true, "canvas": true, "select": true, "textarea": true,
	"noembed": true, "noframes": true, "xmp": true, "plaintext": true, "datalist": true}

// endsLine are the tags after which the passage's text starts a new line.
var endsLine = map[string]bool{"p": true, "div": true, "li": true, "tr": true, "h2": true, "h3": true, "h4": true, "h5": true,
	"h6": true, "dt": true, "dd": true, "blockquote": true, "caption": true, "summary": true, "figcaption": true, "table": true}

var rawName = regexp.MustCompile(`^</?([A-Za-z][A-Za-z0-9._:-]*)`)

// rawInline writes one HTML tag within a line.
func (w *writer) rawInline(n *ast.RawHTML) {
	chunk := segmentsText(n.Segments, w.src)
	if m := rawName.FindStringSubmatch(chunk); m != nil && droppedTags[strings.ToLower(m[1])] && !strings.HasPrefix(chunk, "</") {
		w.warn(w.line(n.Pos()), "the tag <%s> was removed with its content", strings.ToLower(m[1]))
		if !strings.HasSuffix(chunk, "/>") {
			w.dropping = strings.ToLower(m[1])
		}
		return
	}
	w.rawChunk(chunk, w.line(n.Pos()))
}

// endsDropping says whether n is the end tag of what is being left out.
func (w *writer) endsDropping(n ast.Node) bool {
	r, ok := n.(*ast.RawHTML)
	return ok && strings.HasPrefix(strings.ToLower(segmentsText(r.Segments, w.src)), "</"+w.dropping)
}

func (w *writer) htmlBlock(n *ast.HTMLBlock) {
	chunk := w.linesOf(n)
	if n.HasClosure() {
		chunk += string(n.ClosureLine.Value(w.src))
	}
	pos := n.Pos()
	if n.Lines().Len() > 0 {
		pos = n.Lines().At(0).Start
	}
	w.rawChunk(chunk, w.line(pos))
	w.closeFormatting(0)
	w.str("\n")
	w.endLine()
}

// rawChunk filters a piece of the author's HTML tag by tag. It decides what a
// tag means here; that the result is harmless is checked once more for the
// whole article by sanitise.
func (w *writer) rawChunk(chunk string, line int) {
	z := html.NewTokenizer(strings.NewReader(chunk))
	z.SetMaxBuf(maxRawToken)
	skip, depth := "", 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return // the end, or a token of absurd length
		}
		raw := string(z.Raw())
		at := line
		line += strings.Count(raw, "\n")
		name := ""
		if m := rawName.FindStringSubmatch(raw); m != nil {
			name = m[1]
		}
		lower := strings.ToLower(name)
		if skip != "" {
			switch {
			case kind == html.StartTagToken && lower == skip:
				depth++
			case kind == html.EndTagToken && lower == skip:
				if depth--; depth == 0 {
					skip = ""
				}
			}
			continue
		}
		switch kind {
		case html.TextToken:
			w.rawProse(html.UnescapeString(raw))
		case html.StartTagToken, html.SelfClosingTagToken:
			if droppedTags[lower] {
				w.warn(at, "the tag <%s> was removed with its content", lower)
				if kind == html.StartTagToken {
					skip, depth = lower, 1
				}
				continue
			}
			w.startTag(z, raw, name, at)
		case html.EndTagToken:
			w.endTag(raw, name, at)
		}
	}
}

// maxRawToken bounds one tag or text of the author's HTML, in bytes.
const maxRawToken = 1 << 20

// rawProse writes text between the author's tags.
func (w *writer) rawProse(s string) {
	s = printable(s)
	if w.rawPre > 0 {
		w.esc(s)
		if w.quiet == 0 {
			w.code = append(w.code, s...)
		}
		return
	}
	w.text(s)
}

// placeholder says whether a tag is none, but words in angle brackets such as
// <your-name>, which are meant to be read. In capitals even a name that HTML
// knows is one, unless it is closed like a tag: <S> may be a size.
func (w *writer) placeholder(name, raw string) bool {
	lower := strings.ToLower(name)
	if tag, known := rawTags[lower]; known || droppedTags[lower] {
		return name != lower && tag != "br" && tag != "hr" && tag != "img" && !droppedTags[lower] &&
			!strings.ContainsAny(raw, "=/") && !strings.Contains(string(w.src), "</"+name)
	}
	return !w.component(name, raw)
}

// component says whether a tag is a component of an MDX page: named in camel
// case and used like one.
func (w *writer) component(name, raw string) bool {
	if name == "" || !unicode.IsUpper(rune(name[0])) || strings.ToUpper(name) == name {
		return false
	}
	return strings.ContainsAny(raw, "=") || strings.HasSuffix(raw, "/>") || strings.HasPrefix(raw, "</") ||
		strings.Contains(string(w.src), "</"+name)
}

// rawText is what a tag adds to readable text: itself when it is a
// placeholder.
func (w *writer) rawText(raw string) string {
	if m := rawName.FindStringSubmatch(raw); m != nil && w.placeholder(m[1], raw) {
		return raw
	}
	return ""
}

func (w *writer) startTag(z *html.Tokenizer, raw, name string, line int) {
	if w.placeholder(name, raw) {
		w.warn(line, "%s is not HTML and is shown as text; write it between backticks", clip(raw))
		w.text(raw)
		return
	}
	attrs := map[string]string{}
	for more := true; more && len(attrs) < 50; {
		var k, v []byte
		k, v, more = z.TagAttr()
		attrs[string(k)] = printable(string(v))
	}
	lower := strings.ToLower(name)
	tag := rawTags[lower]
	w.raw = true
	switch tag {
	case "":
		w.removedTag(name, lower, attrs, line)
	case "a":
		w.rawAnchor(attrs, line)
	case "img":
		w.inlineImage(picture{line: line, dest: attrs["src"], alt: attrs["alt"], title: attrs["title"]}, w.inRawLink())
	case "iframe":
		w.rawFrame(attrs, line)
	case "br":
		w.str("<br>")
		w.endLine()
	case "hr", "wbr":
		w.str("<", tag, ">")
	case "table":
		if w.openTables++; w.openTables == 1 {
			w.startTable()
		}
		w.open(tag, attrs)
	case "pre":
		w.rawPre++
		w.res.HasCode = true
		w.str(`<pre tabindex="0">`)
	default:
		if formatting[tag] {
			w.rawOpen = append(w.rawOpen, openTag{tag, "</" + tag + ">"})
		}
		w.open(tag, attrs)
	}
}

// removedTag reports a tag that is taken off its content. Plain styling goes
// without a word.
func (w *writer) removedTag(name, lower string, attrs map[string]string, line int) {
	switch lower {
	case "span", "font", "big", "time", "bdi", "bdo", "colgroup", "col", "picture", "source", "data", "nobr":
		return
	}
	w.warn(line, "the tag <%s> was removed, its content kept", name)
	if label := attrs["label"]; label != "" && w.component(name, "=") {
		w.str("<p><strong>")
		w.text(label)
		w.endLine()
		w.str("</strong></p>")
	}
}

var safeID = regexp.MustCompile(`^[\pL\pN_][\pL\pN_:.-]{0,99}$`)

// open writes a start tag with the few attributes that mean something.
func (w *writer) open(tag string, attrs map[string]string) {
	w.str("<", tag)
	w.idAttr(attrs)
	switch tag {
	case "ol":
		if n, err := strconv.Atoi(attrs["start"]); err == nil {
			w.str(` start="`, strconv.Itoa(n), `"`)
		}
	case "td", "th":
		for _, k := range []string{"colspan", "rowspan"} {
			if n, err := strconv.Atoi(attrs[k]); err == nil && n > 1 && n <= 100 {
				w.str(" ", k, `="`, strconv.Itoa(n), `"`)
			}
		}
	case "details":
		if _, ok := attrs["open"]; ok {
			w.str(" open")
		}
	case "abbr":
		if t := attrs["title"]; t != "" {
			w.str(` title="`)
			w.esc(t)
			w.str(`"`)
		}
	}
	w.str(">")
}

// idAttr keeps an id, once, so that old links to it work.
func (w *writer) idAttr(attrs map[string]string) {
	id := attrs["id"]
	if id == "" {
		id = attrs["name"]
	}
	if !safeID.MatchString(id) || w.ids[id] > 0 {
		return
	}
	w.ids[id] = 1
	w.str(` id="`)
	w.esc(id)
	w.str(`"`)
}

func (w *writer) rawAnchor(attrs map[string]string, line int) {
	href := strings.TrimSpace(attrs["href"])
	if href == "" {
		w.str("<span")
		w.idAttr(attrs)
		w.str(">")
		w.rawOpen = append(w.rawOpen, openTag{"a", "</span>"})
		return
	}
	w.closeNamed("a")
	end := w.startLink(line, destination([]byte(href)), attrs["title"])
	w.rawOpen = append(w.rawOpen, openTag{"a", end})
}

// inRawLink says whether a link of the author's HTML is open.
func (w *writer) inRawLink() bool {
	return slices.ContainsFunc(w.rawOpen, func(o openTag) bool { return o.end == "</a>" })
}

// closeNamed ends the innermost open formatting of that name and what was
// opened inside it; an end tag without a start is left out.
func (w *writer) closeNamed(name string) {
	for i := len(w.rawOpen) - 1; i >= 0; i-- {
		if w.rawOpen[i].name == name {
			w.closeFormatting(i)
			return
		}
	}
}

// closeFormatting ends open formatting until keep are left.
func (w *writer) closeFormatting(keep int) {
	for n := len(w.rawOpen); n > keep; n-- {
		w.str(w.rawOpen[n-1].end)
		w.rawOpen = w.rawOpen[:n-1]
	}
}

// formatting are the tags that end with their paragraph.
var formatting = map[string]bool{"a": true, "abbr": true, "strong": true, "em": true, "u": true, "del": true, "ins": true,
	"sub": true, "sup": true, "kbd": true, "code": true, "mark": true, "small": true, "q": true}

// rawFrame turns an embedded video into one that waits for a click, and any
// other frame into a link.
func (w *writer) rawFrame(attrs map[string]string, line int) {
	src := attrs["src"]
	if strings.HasPrefix(src, "//") {
		src = "https:" + src
	}
	title := attrs["title"]
	if title == "" {
		title = w.r.texts.Video
	}
	if _, ok := findPlayer(src); !ok {
		w.warn(line, "a frame of another page was replaced by a link")
		end := w.startLink(line, destination([]byte(src)), "")
		w.text(title)
		w.str(end)
		return
	}
	w.warn(line, "an embedded video loads only after a click now; write it as :::video")
	w.videoFigure(line, src, title)
	w.str("</figure>")
}

func (w *writer) endTag(raw, name string, line int) {
	if w.placeholder(name, raw) {
		w.warn(line, "%s is not HTML and is shown as text; write it between backticks", clip(raw))
		w.text(raw)
		return
	}
	tag := rawTags[strings.ToLower(name)]
	if formatting[tag] {
		w.closeNamed(tag)
		return
	}
	switch tag {
	case "", "img", "br", "hr", "wbr", "iframe":
		return
	case "table":
		if w.openTables == 0 {
			return
		}
		w.openTables--
		w.str("</table>")
		if w.openTables == 0 {
			w.str("</div>")
		}
	case "pre":
		if w.rawPre == 0 {
			return
		}
		if w.rawPre--; w.quiet == 0 {
			w.code = append(w.code, '\n')
		}
		w.str("</pre>")
	default:
		w.raw = true
		w.str("</", tag, ">")
	}
	if endsLine[tag] {
		w.endLine()
	} else if (tag == "td" || tag == "th") && w.quiet == 0 {
		w.prose = append(w.prose, ' ')
	}
}
