package sla_test

import (
	"os"
	"testing"

	"github.com/vmcloud/ricochet/deflect/sla/vector"
)

// TestVectors runs every vector of other projects' own tests.
func TestVectors(t *testing.T) {
	f, err := os.Open("testdata/vectors-dev.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, err := vector.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 188 {
		t.Errorf("got %d vectors, want 188", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		for _, m := range v.Run() {
			t.Errorf("%s %s (%s): %s", v.ID, v.Op, v.Source, m)
		}
	}
}
