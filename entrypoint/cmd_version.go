package main

import (
	"context"
	"fmt"
	"runtime"
)

func playVersion(_ context.Context, c call) int {
	fmt.Fprintf(c.out, "coffer %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}
