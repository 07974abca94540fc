package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/vmcloud/ricochet/deflect"
)

// deflectCmd groups the tools around the deflection rate.
type deflectCmd struct {
	Estimate deflectEstimateCmd `cmd:"" help:"Estimate the causal deflection rate of outside data, as JSON lines on stdout."`
	Simulate deflectSimulateCmd `cmd:"" help:"Check the intervals on visitors with a known true effect."`
}

// deflectEstimateCmd estimates from a file.
type deflectEstimateCmd struct {
	CSV string `name:"csv" help:"CSV file with a header: arm (treatment or holdout), ticket (0 or 1), experiment; rows in order of arrival. - is stdin." required:"" placeholder:"FILE"`
}

// Run prints one line an experiment, or nothing when a row is wrong.
func (c deflectEstimateCmd) Run() error {
	var in io.Reader = os.Stdin
	name := "stdin"
	if c.CSV != "-" {
		f, err := os.Open(c.CSV)
		if err != nil {
			return err
		}
		defer f.Close()
		in, name = f, c.CSV
	}
	experiments, err := deflect.ReadExperiments(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return deflect.WriteEstimates(os.Stdout, experiments)
}

// deflectSimulateCmd runs made-up experiments.
type deflectSimulateCmd struct {
	Runs    int     `help:"Experiments to run." default:"10000"`
	N       int     `name:"n" help:"Attempts in each." default:"2000"`
	Looks   int     `help:"Times each is looked at on the way." default:"100"`
	Holdout float64 `help:"Hold-out share." default:"0.2"`
	Base    float64 `help:"Tickets per attempt without suggestions." default:"0.3"`
	Effect  float64 `help:"True causal rate." default:"0.25"`
	Seed    uint64  `help:"Seed of the visitors." default:"1"`
}

// Run prints the coverage and fails when it is not what is promised.
func (c deflectSimulateCmd) Run(ctx context.Context) error {
	got, err := deflect.Simulate(ctx, deflect.Scenario{
		Runs: c.Runs, Attempts: c.N, Looks: c.Looks, Share: c.Holdout, Base: c.Base, Effect: c.Effect, Seed: c.Seed,
	})
	if err != nil {
		return err
	}
	percent := func(n int) float64 { return 100 * float64(n) / float64(max(1, got.Runs)) }
	fmt.Printf("true causal rate %g, base %g, hold-out %g, %d attempts, %d looks, seed %d\n", c.Effect, c.Base, c.Holdout, c.N, c.Looks, c.Seed)
	fmt.Printf("%-24s %d, without an estimate %d\n", "runs", got.Runs+got.Undefined, got.Undefined)
	fmt.Printf("%-24s %14s %18s %12s\n", "95 % interval", "right at end", "right at each look", "mean width")
	fmt.Printf("%-24s %12.2f %% %16.2f %% %12.4f\n", "fixed (Koopman)", percent(got.Fixed), percent(got.FixedAlways), got.FixedWidth)
	fmt.Printf("%-24s %12.2f %% %16.2f %% %12.4f\n", "always valid", percent(got.Anytime), percent(got.AnytimeAlways), got.AnytimeWidth)
	fmt.Printf("%-24s %12.2f %%\n", "excludes no effect", percent(got.Conclusive))
	return got.Check()
}
