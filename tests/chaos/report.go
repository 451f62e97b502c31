package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const shownFaults = 20

// broken makes one error of the promises that were broken, or none.
func broken(faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	shown := faults[:min(len(faults), shownFaults)]
	return fmt.Errorf("%d promises are broken:\n%s", len(faults), strings.Join(shown, "\n"))
}

// report prints what happened when nothing was lost.
func (c *chaos) report(out io.Writer, seed uint64) {
	fmt.Fprintf(out, "\n| killed under load | times | recovery, median | longest |\n|---|---|---|---|\n")
	for _, v := range c.victims {
		all := c.recoveries[v.name]
		fmt.Fprintf(out, "| %s | %d | %s | %s |\n", v.name, len(all), milliseconds(middle(all)), milliseconds(longest(all)))
	}
	fmt.Fprintln(out, "\nRecovery is the time from the restart of what was killed to the first success of a request that was sent after it.")
	for _, t := range c.theatres {
		fmt.Fprintf(out, "%s: %d answers acknowledged, none lost; %d attempts scored, none twice; %d exports ordered, each made once.\n",
			t.name, t.acknowledged.Load(), t.scored.Load(), len(t.exports))
		if t.slowest > 0 {
			fmt.Fprintf(out, "%s: the slowest 503 came after %s; %d had no Retry-After.\n", t.name, milliseconds(t.slowest), t.hasty)
		}
		if t.oddities > 0 {
			fmt.Fprintf(out, "%s: %d replies were another failure of the server, first: %.300s\n", t.name, t.oddities, t.firstOdd)
		}
	}
	fmt.Fprintf(out, "Made by go run ./tests/chaos -rounds %d -seed %d in %v.\n", c.rounds, seed, time.Since(c.began).Round(time.Second))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000)
}

func longest(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	return slices.Max(all)
}

// middle is the median, the lower of two.
func middle(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(all))[(len(all)-1)/2]
}
