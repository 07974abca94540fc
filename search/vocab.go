package search

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// vword is a word of the corpus as it is written, and in how many articles.
type vword struct {
	fold string
	text string
	df   int32
}

// vocab is every word of one language's articles, sorted by its folded form.
type vocab []vword

// compareWords orders a vocabulary: by folded form, the most frequent first.
func compareWords(a, b vword) int {
	if a.fold != b.fold {
		return strings.Compare(a.fold, b.fold)
	}
	return cmp.Or(cmp.Compare(b.df, a.df), strings.Compare(a.text, b.text))
}

// with is the vocabulary after words were counted anew: by how many articles
// more, or fewer, each stands in. A few words cost little more than a copy.
func (v vocab) with(words map[string]int32) vocab {
	var fresh vocab
	changed := make([]vword, 0, len(words))
	for text, by := range words {
		if by == 0 {
			continue
		}
		w := vword{fold: fold(text), text: text, df: by}
		switch i := v.find(w); {
		case i >= 0:
			changed = append(changed, w)
		case by > 0:
			fresh = append(fresh, newWord(text, w.fold, by))
		}
	}
	if len(fresh)+len(changed) == 0 {
		return v
	}
	var out vocab
	if len(fresh) == 0 {
		out = slices.Clone(v)
	} else {
		slices.SortFunc(fresh, compareWords)
		out = merge(v, fresh, compareWords)
	}
	dead := false
	for _, w := range changed {
		i := out.find(w)
		out[i].df += w.df
		dead = dead || out[i].df <= 0
		from := out.at(w.fold) // its forms may have changed places
		slices.SortFunc(out[from:from+len(out.forms(w.fold))], compareWords)
	}
	if dead {
		out = slices.DeleteFunc(out, func(w vword) bool { return w.df <= 0 })
	}
	return out
}

// find is where a word stands, -1 when it does not.
func (v vocab) find(w vword) int {
	for i := v.at(w.fold); i < len(v) && v[i].fold == w.fold; i++ {
		if v[i].text == w.text {
			return i
		}
	}
	return -1
}

func newWord(text, folded string, df int32) vword {
	w := vword{fold: folded, text: strings.Clone(text), df: df}
	if folded == text {
		w.fold = w.text // one string, not two
	}
	return w
}

// merge puts two sorted lists together, the second short beside the first.
func merge[S ~[]E, E any](a, b S, compare func(E, E) int) S {
	if len(b) == 0 {
		return a
	}
	out := make(S, 0, len(a)+len(b))
	for _, w := range b {
		i, _ := slices.BinarySearchFunc(a, w, compare)
		out = append(append(out, a[:i]...), w)
		a = a[i:]
	}
	return append(out, a...)
}

// at is where folded stands or would stand.
func (v vocab) at(folded string) int {
	i, _ := slices.BinarySearchFunc(v, folded, func(w vword, s string) int { return strings.Compare(w.fold, s) })
	return i
}

// forms are the ways the corpus writes a folded word, the most frequent first.
func (v vocab) forms(folded string) vocab {
	i := v.at(folded)
	j := i
	for j < len(v) && v[j].fold == folded {
		j++
	}
	return v[i:j]
}

// df is in how many articles a word stands, however it is accented.
func (v vocab) df(folded string) int {
	n := 0
	for _, w := range v.forms(folded) {
		n += int(w.df)
	}
	return n
}

// prefixed are the words that start with a folded prefix.
func (v vocab) prefixed(prefix string) vocab {
	i := v.at(prefix)
	return v[i : i+v[i:].leading(prefix)]
}

// leading is how many words from the first on start with a prefix, where all
// that do stand together. Few are found in few steps.
func (v vocab) leading(prefix string) int {
	from, to, step := 0, 0, 1 // all before from do; to does not, or is the end
	for to < len(v) && strings.HasPrefix(v[to].fold, prefix) {
		from = to + 1
		to += step
		step *= 2
	}
	to = min(to, len(v))
	return from + sort.Search(to-from, func(k int) bool { return !strings.HasPrefix(v[from+k].fold, prefix) })
}

// near is a word of the corpus at a small distance from a typed one.
type near struct {
	word     vword
	distance int
}

// near finds the words within max edits (insertion, deletion, substitution,
// swap of neighbours) of a folded word, walking the sorted list like a trie:
// words that share a beginning share its row of distances. steps bounds the
// work on a hostile word.
func (v vocab) near(folded string, max int) []near {
	q := []rune(folded)
	if len(q) > 32 || len(q) == 0 {
		return nil
	}
	const depth = 34
	var rows [depth + 1][34]uint8
	for j := range len(q) + 1 {
		rows[0][j] = uint8(j)
	}
	var prev [depth]rune
	var out []near
	steps := 400_000
	for i := 0; i < len(v) && steps > 0; {
		w := v[i].fold
		// How much of the previous word's rows still holds.
		level := 0
		pos := 0
		for pos < len(w) && level < depth {
			r, n := utf8.DecodeRuneInString(w[pos:])
			if i == 0 || prev[level] != r {
				break
			}
			pos += n
			level++
		}
		dead := false
		for pos < len(w) {
			if level >= depth-1 || level >= len(q)+max {
				dead = true
				break
			}
			r, n := utf8.DecodeRuneInString(w[pos:])
			prev[level] = r
			prev[level+1] = 0
			steps -= len(q)
			if lowest := editRow(&rows, q, prev[:], level, r); int(lowest) > max {
				pos += n
				level++
				dead = true
				break
			}
			pos += n
			level++
		}
		if !dead {
			if d := int(rows[level][len(q)]); d <= max {
				out = append(out, near{v[i], d})
			}
			i++
			continue
		}
		// Nothing below this beginning can be near: skip its words.
		i += v[i:].leading(w[:pos])
	}
	return out
}

// editRow fills the row of distances for the word's rune at level and gives
// its lowest value.
func editRow(rows *[35][34]uint8, q, word []rune, level int, r rune) uint8 {
	up, row := &rows[level], &rows[level+1]
	row[0] = uint8(level + 1)
	lowest := row[0]
	for j := 1; j <= len(q); j++ {
		cost := uint8(1)
		if q[j-1] == r {
			cost = 0
		}
		d := min(up[j]+1, row[j-1]+1, up[j-1]+cost)
		if level > 0 && j > 1 && q[j-1] == word[level-1] && q[j-2] == r {
			d = min(d, rows[level-1][j-2]+1)
		}
		row[j] = d
		lowest = min(lowest, d)
	}
	return lowest
}
