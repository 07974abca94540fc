package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/sla/vector"
	"github.com/vmcloud/ricochet/internal/clock"
)

// slaCmd groups the SLA tools.
type slaCmd struct {
	Verify slaVerifyCmd `cmd:"" help:"Run files of test vectors through the engine; status 1 if any fails."`
	Policy slaPolicyCmd `cmd:"" help:"Print the shipped policy, or check one."`

	Explain  slaExplainCmd  `cmd:"" help:"Print every interval, due date and alert of a ticket, with the rule behind each."`
	Backtest slaBacktestCmd `cmd:"" help:"Replay all tickets under another policy and say what would have been breached."`
}

// slaPolicyCmd prints the shipped policy file, ready to be edited, or checks
// the operator's.
type slaPolicyCmd struct {
	Check string `help:"Check this policy file or folder instead: every mistake with its line." placeholder:"PATH"`
}

// Run prints or checks.
func (c slaPolicyCmd) Run(k *kong.Kong) error {
	if c.Check == "" {
		_, err := k.Stdout.Write(policy.DefaultYAML)
		return err
	}
	if _, err := os.Stat(c.Check); err != nil {
		return err
	}
	// As the site reads it: feeds beside the file or on the Internet, only
	// without an earlier copy to fall back on.
	f := newFeeds(c.Check, "", nil, clock.System{})
	set, err := policy.Load(f.files, filepath.Base(c.Check), f.fetch)
	if err != nil {
		return fmt.Errorf("the policy is refused:\n%w", err)
	}
	_, err = fmt.Fprintf(k.Stdout, "%s: %d tiers, %d figures, %d calendars: in order\n",
		set.Latest.Name, len(set.Latest.Tiers), len(set.Latest.Cells), len(set.Calendars))
	return err
}

// slaVerifyCmd runs vector files.
type slaVerifyCmd struct {
	Files []string `arg:"" name:"file" help:"JSON files of vectors." type:"existingfile"`
}

// tally counts passes by some label.
type tally map[string]*[2]int // passed, all

func (t tally) add(label string, passed bool) {
	if t[label] == nil {
		t[label] = &[2]int{}
	}
	if t[label][1]++; passed {
		t[label][0]++
	}
}

// print lists the counts in the order of the labels.
func (t tally) print(w io.Writer, title string) {
	fmt.Fprintf(w, "%s\n", title)
	for _, label := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(w, "  %5d / %-5d %s\n", t[label][0], t[label][1], label)
	}
}

// Run prints failures, pass counts by operation, tag and source, and as the
// last line the summary.
func (c slaVerifyCmd) Run(k *kong.Kong) error {
	ops, tags, sources := tally{}, tally{}, tally{}
	var all, failed int
	var faults []error
	for _, name := range c.Files {
		file, err := readVectors(name)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
			continue
		}
		for _, v := range file.Vectors {
			mismatches := v.Run()
			passed := len(mismatches) == 0
			if all++; !passed {
				failed++
			}
			for _, m := range mismatches {
				fmt.Fprintf(k.Stdout, "FAIL %s %s (%s): %s\n", v.ID, v.Op, v.Source, m)
			}
			repo, _, _ := strings.Cut(v.Source, " ")
			ops.add(v.Op, passed)
			sources.add(repo, passed)
			for _, tag := range v.Tags {
				tags.add(tag, passed)
			}
		}
	}
	ops.print(k.Stdout, "by operation")
	tags.print(k.Stdout, "by tag")
	sources.print(k.Stdout, "by source")
	if _, err := fmt.Fprintf(k.Stdout, "%d vectors: %d passed, %d failed\n", all, all-failed, failed); err != nil {
		return err
	}
	if failed > 0 {
		faults = append(faults, fmt.Errorf("%d of %d vectors failed", failed, all))
	}
	return errors.Join(faults...)
}

func readVectors(name string) (vector.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return vector.File{}, err
	}
	defer f.Close()
	return vector.Read(f)
}
