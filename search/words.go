package search

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
)

// wordsFile keeps the vocabularies beside Bleve's files: as a field of the
// index they would double its size and the time to write it.
const wordsFile = "words.tsv"

// fingerprint names a set of documents; the vocabulary file carries that of
// the documents it was counted from.
func fingerprint(entries map[string]*entry) string {
	var sum uint64
	for _, e := range entries {
		h := fnv.New64a()
		h.Write([]byte(e.name)) // a hash never fails
		sum += h.Sum64()
	}
	return schema + "-" + strconv.Itoa(len(entries)) + "-" + strconv.FormatUint(sum, 16)
}

// saveWords writes the vocabularies. A crash before the rename leaves the old
// file, whose fingerprint then no longer fits, and the words are counted again.
func saveWords(dir, print string, vocabs map[string]vocab) error {
	if dir == "" {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, print)
	for lang, v := range vocabs {
		for _, w := range v {
			b.WriteString(lang)
			b.WriteByte('\t')
			b.WriteString(strconv.Itoa(int(w.df)))
			b.WriteByte('\t')
			b.WriteString(w.text)
			b.WriteByte('\n')
		}
	}
	fmt.Fprintln(&b, print)
	tmp := filepath.Join(dir, wordsFile+".new")
	if err := os.WriteFile(tmp, b.Bytes(), 0o600); err != nil {
		return errs.New(errs.Unavailable, "", fmt.Errorf("write the search vocabulary: %w", err))
	}
	if err := os.Rename(tmp, filepath.Join(dir, wordsFile)); err != nil {
		return errs.New(errs.Unavailable, "", fmt.Errorf("write the search vocabulary: %w", err))
	}
	return nil
}

// loadWords reads the vocabularies of the documents with this fingerprint; ok
// is false when the file is missing, cut short or of other documents.
func loadWords(dir, print string) (vocabs map[string]vocab, ok bool) {
	if dir == "" {
		return nil, false
	}
	data, err := os.ReadFile(filepath.Join(dir, wordsFile))
	if err != nil || !bytes.HasSuffix(data, []byte("\n"+print+"\n")) {
		return nil, false
	}
	vocabs = map[string]vocab{}
	sc := bufio.NewScanner(bytes.NewReader(data))
	for first := true; sc.Scan(); first = false {
		lang, rest, found := strings.Cut(sc.Text(), "\t")
		df, word, found2 := strings.Cut(rest, "\t")
		n, err := strconv.Atoi(df)
		if !found || !found2 || err != nil {
			if sc.Text() == print {
				continue
			}
			return nil, false
		}
		if first {
			return nil, false
		}
		w := vword{text: word, df: int32(n), fold: fold(word)}
		if w.fold == w.text {
			w.fold = w.text
		}
		vocabs[lang] = append(vocabs[lang], w)
	}
	return vocabs, sc.Err() == nil
}

// recount counts the words of articles whose vocabulary was lost.
func (x *Index) recount(arts []*kb.Article, words map[string]map[string]int32) {
	c := x.counters()
	for _, art := range arts {
		c[art.Lang].count(art)
	}
	c.addTo(words, 1)
}
