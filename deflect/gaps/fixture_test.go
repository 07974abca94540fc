package gaps

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
)

type labelled struct{ topic, lang, kind, text string }

func fixture(t *testing.T) []labelled {
	t.Helper()
	f, err := os.Open("testdata/texts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []labelled
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		c := strings.Split(sc.Text(), "\t")
		if len(c) != 4 {
			t.Fatalf("line %q", sc.Text())
		}
		all = append(all, labelled{c[0], c[1], c[2], c[3]})
	}
	return all
}

func index(t *testing.T) *search.Index {
	t.Helper()
	lib, _, err := kb.Load(t.Context(), content.FS, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := search.Open(search.Options{Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	if _, err := x.Sync(t.Context(), lib); err != nil {
		t.Fatal(err)
	}
	return x
}

// score clusters texts and judges the result.
func score(meanings []map[string]float64, texts []labelled, joinAt float64) (pure, f1, cross float64, n int) {
	found := agglomerate(vectors(meanings), joinAt)
	clusters, labels := make([]int, len(texts)), make([]string, len(texts))
	var both, together float64
	for c, members := range found {
		for _, i := range members {
			clusters[i], labels[i] = c, texts[i].topic
		}
	}
	for i := range texts {
		for j := range i {
			if labels[i] == labels[j] && texts[i].lang != texts[j].lang {
				both++
				if clusters[i] == clusters[j] {
					together++
				}
			}
		}
	}
	return purity(clusters, labels), pairF1(clusters, labels), together / both, len(found)
}

func meaningsOf(t *testing.T, x *search.Index, all []labelled) []map[string]float64 {
	t.Helper()
	ms := make([]map[string]float64, len(all))
	for i, l := range all {
		var err error
		if ms[i], err = x.Meaning(t.Context(), l.lang, l.text); err != nil {
			t.Fatal(err)
		}
	}
	return ms
}

// half keeps every second topic: joinAt and the weights were chosen on the
// first half, so the second says what they are worth.
func half(all []labelled, ms []map[string]float64, k int) ([]labelled, []map[string]float64) {
	var topics []string
	var ls []labelled
	var m []map[string]float64
	for i, l := range all {
		n := slices.Index(topics, l.topic)
		if n < 0 {
			n = len(topics)
			topics = append(topics, l.topic)
		}
		if n%2 == k {
			ls, m = append(ls, l), append(m, ms[i])
		}
	}
	return ls, m
}

func TestClustersOfTheLabelledFixture(t *testing.T) {
	all := fixture(t)
	if len(all) < 200 {
		t.Fatalf("%d texts, the fixture promises 200", len(all))
	}
	ms := meaningsOf(t, index(t), all)
	first, firstMeanings := half(all, ms, 0)
	second, secondMeanings := half(all, ms, 1)
	for _, part := range []struct {
		name            string
		texts           []labelled
		meanings        []map[string]float64
		purity, f1, two float64 // at least
	}{
		{"topics the threshold was chosen on", first, firstMeanings, 0.95, 0.83, 0.75},
		{"topics held back", second, secondMeanings, 0.95, 0.85, 0.75},
		{"all topics", all, ms, 0.88, 0.80, 0.80},
	} {
		purity, f1, two, n := score(part.meanings, part.texts, joinAt)
		t.Logf("%-35s %3d texts, %2d clusters: purity %.3f, pair F1 %.3f, pairs across the languages found %.2f", part.name, len(part.texts), n, purity, f1, two)
		if purity < part.purity || f1 < part.f1 || two < part.two {
			t.Errorf("%s: want purity >= %.2f, pair F1 >= %.2f and %.2f across the languages", part.name, part.purity, part.f1, part.two)
		}
	}
}
