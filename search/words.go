package search

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vmcloud/ricochet/internal/errs"
)

// wordCounts are in how many articles more or fewer each word stands, by
// language.
type wordCounts map[string]map[string]int32

// wordsFile keeps the vocabularies beside Bleve's files: as a field of the
// index they would double its size and the time to write it. It has a line for
// each word (language, number of articles, word) between two lines with the
// fingerprint of the documents that were counted. What later edits changed is
// appended, each edit closed by its own fingerprint, until rewriting is due.
type wordsFile struct {
	dir   string // "" keeps nothing
	print string // fingerprint of the file's last line; "" when the file must be rewritten
	base  int    // bytes of the file as it was written last
	added int    // bytes appended since
}

func (w *wordsFile) name() string { return filepath.Join(w.dir, "words.tsv") }

// save makes the file hold the vocabularies of the documents with this
// fingerprint, which differ by changed from what it holds. A crash leaves a file
// whose last line does not fit, and the words are counted again.
func (w *wordsFile) save(print string, vocabs map[string]vocab, changed wordCounts) error {
	if w.dir == "" || w.print == print {
		return nil
	}
	var b bytes.Buffer
	for lang, words := range changed {
		for text, by := range words {
			if by != 0 {
				writeWord(&b, lang, by, text)
			}
		}
	}
	fmt.Fprintln(&b, print)
	var err error
	if w.print != "" && w.added+b.Len() < w.base/2 {
		err = w.extend(b.Bytes())
	} else {
		err = w.rewrite(print, vocabs)
	}
	w.print = print
	if err != nil {
		w.print = ""
		return errs.New(errs.Unavailable, "", fmt.Errorf("write the search vocabulary: %w", err))
	}
	return nil
}

func writeWord(b *bytes.Buffer, lang string, n int32, text string) {
	b.WriteString(lang)
	b.WriteByte('\t')
	b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(n), 10))
	b.WriteByte('\t')
	b.WriteString(text)
	b.WriteByte('\n')
}

func (w *wordsFile) extend(lines []byte) error {
	f, err := os.OpenFile(w.name(), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(lines)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	w.added += len(lines)
	return err
}

func (w *wordsFile) rewrite(print string, vocabs map[string]vocab) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, print)
	for lang, v := range vocabs {
		for _, x := range v {
			writeWord(&b, lang, x.df, x.text)
		}
	}
	fmt.Fprintln(&b, print)
	if err := os.WriteFile(w.name()+".new", b.Bytes(), 0o600); err != nil {
		return err
	}
	w.base, w.added = b.Len(), 0
	return os.Rename(w.name()+".new", w.name())
}

// load reads the vocabularies of the documents with this fingerprint; ok is
// false when the file is missing, cut short or of other documents.
func (w *wordsFile) load(print string) (vocabs map[string]vocab, ok bool) {
	if w.dir == "" {
		return nil, false
	}
	data, err := os.ReadFile(w.name())
	if err != nil || !bytes.HasSuffix(data, []byte("\n"+print+"\n")) {
		return nil, false
	}
	vocabs = map[string]vocab{}
	changed := wordCounts{}
	marks := 0 // fingerprints so far: the second ends the vocabularies
	sc := bufio.NewScanner(bytes.NewReader(data))
	for at := 0; sc.Scan(); {
		lang, rest, found := strings.Cut(sc.Text(), "\t")
		at += len(sc.Bytes()) + 1
		if !found {
			if marks++; marks == 2 {
				w.base, w.added = at, len(data)-at
			}
			continue
		}
		df, word, found := strings.Cut(rest, "\t")
		n, err := strconv.ParseInt(df, 10, 32)
		switch {
		case !found || err != nil || marks == 0:
			return nil, false
		case marks == 1:
			vocabs[lang] = append(vocabs[lang], newWord(word, fold(word), int32(n)))
		case changed[lang] == nil:
			changed[lang] = map[string]int32{word: int32(n)}
		default:
			changed[lang][word] += int32(n)
		}
	}
	for lang, words := range changed {
		vocabs[lang] = vocabs[lang].with(words)
	}
	w.print = print
	return vocabs, marks > 1 && sc.Err() == nil
}

// recount counts the words of the indexed articles, whose vocabulary was lost.
func (x *Index) recount(words wordCounts) {
	c := x.counters()
	for art := range x.byArt {
		c[art.Lang].count(art)
	}
	c.addTo(words, 1)
}
