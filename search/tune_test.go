package search

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/kb"
)

func tuneIndex(t testing.TB) (*Index, []Labelled) {
	dir := os.Getenv("RICOCHET_ACCEPTANCE")
	if dir == "" {
		t.Skip("RICOCHET_ACCEPTANCE is not set")
	}
	lib, _, err := kb.Load(context.Background(), os.DirFS(filepath.Join(dir, "search", "corpus")), kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Sync(context.Background(), lib); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "search", "queries.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	qs, err := ReadLines[Labelled](f, "q")
	if err != nil {
		t.Fatal(err)
	}
	return x, qs
}

func runAll(x *Index, qs []Labelled) []Judged {
	var run []RunLine
	for _, q := range qs {
		s := time.Now()
		l, err := x.RunQuery(context.Background(), q, false)
		if err != nil {
			panic(err)
		}
		l.MS = time.Since(s).Seconds() * 1e3
		run = append(run, l)
	}
	return Judge(qs, run)
}

func TestTuneTime(t *testing.T) {
	x, qs := tuneIndex(t)
	for range 5 {
		s := time.Now()
		j := runAll(x, qs)
		fmt.Println(time.Since(s), Summarise(j))
	}
	_ = WriteTable(os.Stdout, runAll(x, qs))
}

func TestTuneMisses(t *testing.T) {
	x, qs := tuneIndex(t)
	fam := os.Getenv("FAM")
	for _, j := range runAll(x, qs) {
		if j.Family == "none" || j.NDCG > 0.85 || fam != "" && fam != j.Lang+j.Family {
			continue
		}
		fmt.Printf("%s %.2f %q\n   want %v\n   got %v\n", j.ID, j.NDCG, j.Query, j.Relevant, j.Top[:min(5, len(j.Top))])
		s, rel, _ := x.acquire()
		p, _ := s.plan(context.Background(), s.views[j.Lang], j.Query, false)
		for _, g := range p.groups {
			for _, m := range g.members {
				fmt.Printf("   [%s idf %.1f", m.text, m.idf)
				for _, a := range m.alts {
					if a.why != "word" {
						fmt.Printf(" %s:%s", a.why, a.text)
					}
				}
				fmt.Print("]")
			}
			for _, a := range g.phrases {
				fmt.Printf(" {%s:%s %.1f}", a.why, a.text, a.idf)
			}
		}
		fmt.Println()
		rel()
	}
}
