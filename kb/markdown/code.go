package markdown

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/yuin/goldmark/ast"
)

// maxHighlight bounds the code of one article that is coloured, in bytes; the
// rest is shown plain. Lexers are regular expressions and may be slow on text
// they were not made for.
const maxHighlight = 128 << 10

func (w *writer) fencedCode(n *ast.FencedCodeBlock) {
	lang := ""
	if n.Info != nil {
		lang = fenceLanguage(string(n.Info.Segment.Value(w.src)))
	}
	w.codeBlock(lang, w.linesOf(n))
}

var fenceWord = regexp.MustCompile(`^\{?\.?([A-Za-z0-9_+#.-]{1,30})`)

// fenceLanguage is the language word of a fence: "bash" of "bash title=x" and
// of "{.bash}".
func fenceLanguage(info string) string {
	if m := fenceWord.FindStringSubmatch(info); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

// codeBlock writes code with its language's name and a copy button, which
// stays hidden until a script can make it work. The code is focusable because
// it may scroll.
func (w *writer) codeBlock(lang, code string) {
	w.res.HasCode = true
	code = strings.TrimRight(code, "\n") + "\n"
	lexer := findLexer(lang)
	label := languageLabel(lang, lexer, w.r.texts.Plain)
	t := &w.r.texts
	w.str(`<div class="code"><div class="code-bar"><span class="code-lang">`)
	w.esc(label)
	w.str(`</span><button type="button" class="code-copy" data-copied="`)
	w.esc(t.Copied)
	w.str(`" hidden>`)
	w.esc(t.Copy)
	w.str(`</button></div><pre class="chroma" tabindex="0" role="group" aria-label="`)
	w.esc(strings.ReplaceAll(t.Code, "%s", label))
	w.str(`"><code>`)
	w.coloured(lexer, code)
	w.str("</code></pre></div>\n")
	if w.quiet == 0 {
		w.code = append(w.code, code...)
	}
}

// coloured writes code with a span around each token that has a colour;
// neighbours of the same colour share one.
func (w *writer) coloured(lexer chroma.Lexer, code string) {
	if lexer == nil || w.highlight+len(code) > maxHighlight {
		w.esc(code)
		return
	}
	w.highlight += len(code)
	key := colouredKey{lexer.Config().Name, code}
	if html, ok := colouredBefore.get(key); ok {
		w.str(html)
		return
	}
	mark := len(w.out)
	if err := w.tokens(lexer, code); err != nil {
		w.out = w.out[:mark]
		w.esc(code)
		return
	}
	colouredBefore.put(key, string(w.out[mark:]))
}

// colouredBefore remembers coloured code: an article and its translation show
// the same commands, and colouring them is half the time of a load.
var colouredBefore = colouredCache{html: map[colouredKey]string{}}

type colouredKey struct{ lexer, code string }

// colouredCache is a bounded memory of coloured code, forgotten whole when it
// is full.
type colouredCache struct {
	mu   sync.Mutex
	html map[colouredKey]string
	size int
}

// maxColoured bounds the cache, in bytes of code and HTML.
const maxColoured = 2 << 20

func (c *colouredCache) get(k colouredKey) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	html, ok := c.html[k]
	return html, ok
}

func (c *colouredCache) put(k colouredKey, html string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += len(k.code) + len(html); c.size > maxColoured {
		clear(c.html)
		c.size = len(k.code) + len(html)
	}
	c.html[k] = html
}

func (w *writer) tokens(lexer chroma.Lexer, code string) (err error) {
	defer func() {
		if p := recover(); p != nil { // chroma hands errors on as panics
			err = fmt.Errorf("highlighting: %v", p)
		}
	}()
	it, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root", EnsureLF: true}, code)
	if err != nil {
		return fmt.Errorf("highlighting: %w", err)
	}
	class, gap, n := "", "", 0
	for t := it(); t != chroma.EOF; t = it() {
		n += len(t.Value)
		body := strings.TrimRight(t.Value, " \t\n")
		if body == "" { // space has no colour: it goes where the next token does
			gap += t.Value
			continue
		}
		c := tokenClass(t.Type)
		if c != class && class != "" {
			w.str("</span>")
		}
		w.str(gap)
		if c != class && c != "" {
			w.str(`<span class="`, c, `">`)
		}
		class, gap = c, t.Value[len(body):]
		w.esc(body)
	}
	if class != "" {
		w.str("</span>")
	}
	w.str(gap)
	if n != len(code) {
		return errors.New("highlighting: the lexer lost some of the code")
	}
	return nil
}

// tokenClass is the CSS class of a kind of token, "" for what keeps the text's
// colour. Few classes make small pages; the theme draws them.
func tokenClass(t chroma.TokenType) string {
	switch t {
	case chroma.GenericPrompt:
		return "gp"
	case chroma.GenericOutput, chroma.GenericTraceback:
		return "go"
	case chroma.GenericDeleted, chroma.GenericError:
		return "gd"
	case chroma.GenericInserted:
		return "gi"
	case chroma.GenericHeading, chroma.GenericSubheading:
		return "k"
	case chroma.NameTag, chroma.NameClass, chroma.NameNamespace, chroma.NameBuiltin, chroma.NameBuiltinPseudo,
		chroma.NameFunction, chroma.NameFunctionMagic, chroma.NameDecorator, chroma.NameException:
		return "n"
	case chroma.NameAttribute, chroma.NameVariable, chroma.NameVariableClass, chroma.NameVariableGlobal,
		chroma.NameVariableInstance, chroma.NameVariableMagic, chroma.NameConstant, chroma.NameProperty:
		return "v"
	}
	switch {
	case t.InCategory(chroma.Keyword):
		return "k"
	case t.InSubCategory(chroma.LiteralString):
		return "s"
	case t.InSubCategory(chroma.LiteralNumber), t == chroma.LiteralDate:
		return "m"
	case t.InCategory(chroma.Comment):
		return "c"
	}
	return ""
}

// lexerCache remembers which lexer a language word means: finding none is
// slow, because every lexer's file patterns are tried.
var lexerCache sync.Map // string -> chroma.Lexer, or nil for none

// languageAliases are words that chroma does not know by themselves.
var languageAliases = map[string]string{"ssh": "bash", "env": "bash", "dotenv": "bash", "cmd": "batch", "conf": "ini",
	"cfg": "ini", "terminal": "console", "shell-session": "console", "jsonc": "json", "ps1": "powershell", "curl": "bash"}

// plainLanguages have nothing to colour.
var plainLanguages = map[string]bool{"": true, "text": true, "txt": true, "plain": true, "plaintext": true, "output": true, "none": true}

func findLexer(lang string) chroma.Lexer {
	if plainLanguages[lang] {
		return nil
	}
	if v, ok := lexerCache.Load(lang); ok {
		l, _ := v.(chroma.Lexer)
		return l
	}
	name := lang
	if a := languageAliases[lang]; a != "" {
		name = a
	}
	l := lexers.Get(name)
	if l == nil {
		return nil // not remembered: strangers' words have no bound
	}
	lexerCache.Store(lang, l)
	return l
}

// languageLabels are names that read better than chroma's.
var languageLabels = map[string]string{"console": "Terminal", "terminal": "Terminal", "shell-session": "Terminal",
	"ssh": "SSH", "sh": "Shell", "shell": "Shell", "env": ".env", "js": "JavaScript", "conf": "Conf", "cmd": "CMD"}

func languageLabel(lang string, lexer chroma.Lexer, plain string) string {
	switch {
	case plainLanguages[lang]:
		return plain
	case languageLabels[lang] != "":
		return languageLabels[lang]
	case lexer != nil:
		return lexer.Config().Name
	}
	return lang
}
